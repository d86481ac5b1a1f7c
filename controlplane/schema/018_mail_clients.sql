-- What mail programs are told of a domain, and which changes of a credential end the logins that were made
-- with it.

-- ---- Names for mail programs

-- Each names one host; a person reads the others. What was let in so far, and is neither, goes.
UPDATE gatepost.mail_domains
SET imap_host = CASE WHEN imap_host ~ '^\*|(^|\.)[0-9]+$' THEN '' ELSE imap_host END,
    pop_host = CASE WHEN pop_host ~ '^\*|(^|\.)[0-9]+$' THEN '' ELSE pop_host END,
    smtp_host = CASE WHEN smtp_host ~ '^\*|(^|\.)[0-9]+$' THEN '' ELSE smtp_host END,
    display_name = btrim(regexp_replace(display_name, '[\x01-\x1f\x7f-\x9f]+', ' ', 'g')),
    short_display_name = btrim(regexp_replace(short_display_name, '[\x01-\x1f\x7f-\x9f]+', ' ', 'g'))
WHERE concat_ws(' ', imap_host, pop_host, smtp_host) ~ '(^| )\*|(^|[ .])[0-9]+($| )'
   OR display_name || short_display_name ~ '[\x01-\x1f\x7f-\x9f]';

-- In front of the CHECK constraints of 009, whose names say nothing to a person.
CREATE FUNCTION gatepost.mail_domain_check_names() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    service text;
    host text;
    shown text;
    most integer;
BEGIN
    FOR service, host IN VALUES ('IMAP', NEW.imap_host), ('POP3', NEW.pop_host), ('SMTP', NEW.smtp_host) LOOP
        -- RFC 1123 §2.1: the last label of a name is never all digits; an address is no name.
        IF host <> '' AND (host LIKE '*%' OR host ~ '(^|\.)[0-9]+$' OR NOT gatepost.host_is_valid(host)) THEN
            RAISE EXCEPTION 'the mail domain %: "%" is not the name of one host, for %', NEW.name, host, service
                USING ERRCODE = 'check_violation',
                      HINT = 'Expected one such as mail.example.org, in lower case and without the last dot; '
                             'empty: the host name of the server.';
        END IF;
    END LOOP;
    FOR shown, most IN VALUES (NEW.display_name, 200), (NEW.short_display_name, 50) LOOP
        IF length(shown) > most OR shown ~ '[\x01-\x1f\x7f-\x9f]' THEN
            RAISE EXCEPTION 'the mail domain %: a name that people see has at most % characters, and no control '
                            'characters', NEW.name, most
                USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;

CREATE TRIGGER mail_domain_check_names BEFORE INSERT
    OR UPDATE OF imap_host, pop_host, smtp_host, display_name, short_display_name ON gatepost.mail_domains
    FOR EACH ROW EXECUTE FUNCTION gatepost.mail_domain_check_names();

COMMENT ON COLUMN gatepost.mail_domains.imap_host IS
    'For mail programs that ask for their settings; so are pop_host and smtp_host. Empty: that of the domain that '
    'it is an alias of, or else the host name of the server.';
COMMENT ON COLUMN gatepost.mail_domains.display_name IS
    'For mail programs that ask for their settings. Empty: that of the domain that it is an alias of, or else its '
    'name.';
COMMENT ON COLUMN gatepost.mail_domains.short_display_name IS 'The same, for where there is little room.';

-- ---- The secret that a credential is

ALTER TABLE gatepost.credentials ADD COLUMN generation bigint NOT NULL DEFAULT 1;
COMMENT ON COLUMN gatepost.credentials.generation IS
    'Counts the passwords that it has been. Another one ends the logins that were made with the one before; a better '
    'hash of the same password is not another one.';

CREATE FUNCTION gatepost.credential_count_generation() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    NEW.generation := OLD.generation + 1;
    RETURN NEW;
END $$;

-- note_logins hashes the same password again: its search_path ends in gatepost_rehash, a schema that there is not.
CREATE TRIGGER credential_count_generation BEFORE UPDATE OF hash ON gatepost.credentials
    FOR EACH ROW
    WHEN (NEW.hash <> OLD.hash AND current_setting('search_path') NOT LIKE '%, gatepost_rehash')
    EXECUTE FUNCTION gatepost.credential_count_generation();

ALTER FUNCTION gatepost.note_logins SET search_path = pg_catalog, pg_temp, gatepost_rehash;

ALTER PUBLICATION gatepost DROP TABLE gatepost.credentials;
ALTER PUBLICATION gatepost ADD TABLE
    gatepost.credentials (id, account_id, kind, services, label, hash, expires_at, generation);
