-- Who has mail here: domains, accounts with their credentials, aliases, rules of filing; and the
-- audit log. Addresses and domains are in the form that they are looked up in (storage/mail_address):
-- lower case, domains as A-labels without the last dot.

CREATE TABLE gatepost.mail_domains (
    id                      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                    text COLLATE "C" NOT NULL UNIQUE
                            CHECK (gatepost.host_is_valid(name) AND name NOT LIKE '*%'),
    active                  boolean NOT NULL DEFAULT true,
    alias_of                bigint REFERENCES gatepost.mail_domains,
    display_name            text NOT NULL DEFAULT '' CHECK (length(display_name) <= 200),
    short_display_name      text NOT NULL DEFAULT '' CHECK (length(short_display_name) <= 50),
    imap_host               text COLLATE "C" NOT NULL DEFAULT ''
                            CHECK (imap_host = '' OR gatepost.host_is_valid(imap_host)),
    pop_host                text COLLATE "C" NOT NULL DEFAULT ''
                            CHECK (pop_host = '' OR gatepost.host_is_valid(pop_host)),
    smtp_host               text COLLATE "C" NOT NULL DEFAULT ''
                            CHECK (smtp_host = '' OR gatepost.host_is_valid(smtp_host)),
    subaddress_delimiters   text COLLATE "C" NOT NULL DEFAULT '+'
                            CHECK (subaddress_delimiters ~ '^[-+=_#!%&*/?^~|$]{0,8}$'),
    default_quota_bytes     bigint NOT NULL DEFAULT 0 CHECK (default_quota_bytes >= 0),
    default_quota_messages  bigint NOT NULL DEFAULT 0 CHECK (default_quota_messages >= 0),
    created_at              timestamptz NOT NULL DEFAULT now(),
    created_by              text NOT NULL DEFAULT gatepost.actor()
);
CREATE INDEX mail_domains_alias_of ON gatepost.mail_domains (alias_of) WHERE alias_of IS NOT NULL;
COMMENT ON TABLE gatepost.mail_domains IS 'Domains that this system takes mail for.';
COMMENT ON COLUMN gatepost.mail_domains.active IS 'false: mail for it is refused, nobody logs in.';
COMMENT ON COLUMN gatepost.mail_domains.alias_of IS
    'Every address of this domain means the same local part there.';
COMMENT ON COLUMN gatepost.mail_domains.imap_host IS
    'For mail programs that ask for their settings; so are pop_host and smtp_host. Empty: by rule.';
COMMENT ON COLUMN gatepost.mail_domains.subaddress_delimiters IS
    'Each of these characters separates a mailbox''s name from what is for its owner (RFC 5233).';
COMMENT ON COLUMN gatepost.mail_domains.default_quota_bytes IS
    'Of accounts that are made without a quota; 0: none.';

CREATE TABLE gatepost.accounts (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain_id        bigint NOT NULL REFERENCES gatepost.mail_domains,
    address          text COLLATE "C" UNIQUE CHECK (
                         address ~ '^.+@[^@]+$' AND address !~ '[\x01-\x1f\x7f]'
                         AND address = lower(address) AND octet_length(address) <= 254),
    removed_address  text COLLATE "C",
    display_name     text NOT NULL DEFAULT '' CHECK (length(display_name) <= 200),
    state            text COLLATE "C" NOT NULL DEFAULT 'active'
                     CHECK (state IN ('active', 'suspended', 'removed')),
    role             text COLLATE "C" NOT NULL DEFAULT 'user'
                     CHECK (role IN ('admin', 'user', 'customer', 'no_email')),
    quota_bytes      bigint NOT NULL CHECK (quota_bytes >= 0),
    quota_messages   bigint NOT NULL CHECK (quota_messages >= 0),
    over_quota       boolean NOT NULL DEFAULT false,
    removed_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    created_by       text NOT NULL DEFAULT gatepost.actor(),
    last_login_at    timestamptz,
    CONSTRAINT accounts_bin CHECK (
        (state = 'removed') = (address IS NULL)
        AND (state = 'removed') = (removed_address IS NOT NULL)
        AND (state = 'removed') = (removed_at IS NOT NULL))
) WITH (fillfactor = 90);
CREATE INDEX accounts_domain ON gatepost.accounts (domain_id);
CREATE INDEX accounts_removed ON gatepost.accounts (removed_address) WHERE state = 'removed';
COMMENT ON TABLE gatepost.accounts IS 'Accounts: who receives mail and logs in.';
COMMENT ON COLUMN gatepost.accounts.address IS 'NULL in the bin: the address is free for another.';
COMMENT ON COLUMN gatepost.accounts.state IS
    'suspended: mail arrives, nobody logs in; removed: in the bin, with all its mail.';
COMMENT ON COLUMN gatepost.accounts.role IS
    'admin: may administer this system; no_email: neither receives nor sends mail.';
COMMENT ON COLUMN gatepost.accounts.quota_bytes IS
    '0: none. Left out in an INSERT it is the domain''s default; so is quota_messages.';
COMMENT ON COLUMN gatepost.accounts.over_quota IS 'Kept by the control plane as the use changes.';

CREATE TABLE gatepost.credentials (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id    bigint NOT NULL REFERENCES gatepost.accounts ON DELETE CASCADE,
    kind          text COLLATE "C" NOT NULL DEFAULT 'password'
                  CHECK (kind IN ('password', 'app_password', 'token')),
    services      text[] COLLATE "C" NOT NULL DEFAULT '{*}' CHECK (
                      cardinality(services) > 0
                      AND services <@ ARRAY['smtp', 'imap', 'pop3', 'sieve', 'web', '*']
                                      COLLATE "C"),
    label         text NOT NULL DEFAULT '' CHECK (octet_length(label) <= 128),
    hash          text COLLATE "C" NOT NULL CHECK (
                      hash ~ '^\{[A-Za-z0-9._-]{1,32}\}[^\x01-\x1f\x7f]+$'
                      AND octet_length(hash) <= 1024),
    expires_at    timestamptz,
    must_change   boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_used_at  timestamptz,
    CONSTRAINT credentials_label CHECK (kind = 'password' OR label <> '')
);
CREATE UNIQUE INDEX credentials_password ON gatepost.credentials (account_id, services)
    WHERE kind = 'password';
CREATE UNIQUE INDEX credentials_of_label ON gatepost.credentials (account_id, kind, label)
    WHERE kind <> 'password';
CREATE INDEX credentials_account ON gatepost.credentials (account_id);
COMMENT ON TABLE gatepost.credentials IS
    'What an account logs in with: a password for each set of services, app passwords and tokens, '
    'each with the label of the device or program that has it.';
COMMENT ON COLUMN gatepost.credentials.services IS '*: all. Kept sorted, each once.';
COMMENT ON COLUMN gatepost.credentials.hash IS '{SCHEME} and what belongs to it; never the password.';

CREATE TABLE gatepost.aliases (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text COLLATE "C" NOT NULL CHECK (
                    source ~ '^.*@[^@]+$' AND source !~ '[\x01-\x1f\x7f]'
                    AND source = lower(source) AND octet_length(source) <= 254),
    target      text COLLATE "C" NOT NULL CHECK (
                    target ~ '^.+@[^@]+$' AND target !~ '[\x01-\x1f\x7f]'
                    AND octet_length(target) <= 254),
    active      boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  text NOT NULL DEFAULT gatepost.actor(),
    UNIQUE (source, target)
);
CREATE INDEX aliases_target ON gatepost.aliases (target);
COMMENT ON TABLE gatepost.aliases IS
    'Where mail for an address goes instead. A source may have several targets, itself among them '
    '(a copy is kept). Targets may be sources; a circle ends where it closes.';
COMMENT ON COLUMN gatepost.aliases.source IS
    'ada@example.org, or @example.org: all addresses of the domain that nobody else has.';

CREATE TABLE gatepost.filing_rules (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  bigint NOT NULL REFERENCES gatepost.accounts ON DELETE CASCADE,
    -- RFC 5322 §2.2: a field's name.
    field       text COLLATE "C" NOT NULL CHECK (field ~ '^[!-9;-~]{1,100}$'),
    contains    text NOT NULL CHECK (octet_length(contains) BETWEEN 1 AND 512),
    folder      text NOT NULL CHECK (octet_length(folder) BETWEEN 1 AND 512
                                     AND folder !~ '[\x01-\x1f\x7f]'),
    position    integer NOT NULL DEFAULT 0,
    active      boolean NOT NULL DEFAULT true,
    UNIQUE (account_id, field, contains, folder)
);
COMMENT ON TABLE gatepost.filing_rules IS
    'A message whose header field contains the text goes into the folder. Of several rules the one '
    'of the lowest position counts, then the oldest.';

-- The id is given by the trigger, under a lock, so that ids, times and the chain have one order.
CREATE TABLE gatepost.audit_log (
    id             bigint PRIMARY KEY,
    at             timestamptz NOT NULL,
    actor          text NOT NULL DEFAULT gatepost.actor(),
    via            text NOT NULL DEFAULT current_setting('application_name'),
    service        text NOT NULL,
    action         text NOT NULL,
    resource       text NOT NULL DEFAULT '',
    address        inet,
    success        boolean NOT NULL DEFAULT true,
    error          text NOT NULL DEFAULT '',
    data           jsonb,
    previous_hash  bytea NOT NULL UNIQUE,
    hash           bytea NOT NULL
);
CREATE INDEX audit_log_resource ON gatepost.audit_log (resource, id);
COMMENT ON TABLE gatepost.audit_log IS
    'What people and services did with accounts. Only ever added to; each row has the SHA-256 of '
    'itself and the row before, so that a row that was changed or taken out shows '
    '(gatepost.audit_first_broken).';
COMMENT ON COLUMN gatepost.audit_log.address IS 'The network address that it came from.';

CREATE FUNCTION gatepost.audit_digest(entry gatepost.audit_log) RETURNS bytea
    LANGUAGE sql STABLE
    RETURN sha256(entry.previous_hash || convert_to(jsonb_build_array(entry.id,
        to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), entry.actor, entry.via,
        entry.service, entry.action, entry.resource, entry.address::text, entry.success,
        entry.error, entry.data)::text, 'UTF8'));

CREATE FUNCTION gatepost.audit_before_insert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last record;
BEGIN
    PERFORM pg_advisory_xact_lock('gatepost.audit_log'::regclass::bigint);
    SELECT a.id, a.hash INTO last FROM gatepost.audit_log a ORDER BY a.id DESC LIMIT 1;
    NEW.id := coalesce(last.id, 0) + 1;
    NEW.at := clock_timestamp();
    NEW.previous_hash := coalesce(last.hash, '');
    NEW.hash := gatepost.audit_digest(NEW);
    RETURN NEW;
END $$;

CREATE TRIGGER audit_before_insert BEFORE INSERT ON gatepost.audit_log
    FOR EACH ROW EXECUTE FUNCTION gatepost.audit_before_insert();

CREATE FUNCTION gatepost.audit_refuse_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log cannot be changed: % of gatepost.audit_log refused', TG_OP;
END $$;

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON gatepost.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.audit_refuse_change();

CREATE FUNCTION gatepost.audit_first_broken() RETURNS bigint
    LANGUAGE sql STABLE
    RETURN (
        SELECT min(entry.id)
        FROM (SELECT a.id,
                     a.hash = gatepost.audit_digest(a)
                     AND a.previous_hash = coalesce(lag(a.hash) OVER ids, '')
                     AND a.id = coalesce(lag(a.id) OVER ids, 0) + 1 AS whole
              FROM gatepost.audit_log a WINDOW ids AS (ORDER BY a.id)) AS entry
        WHERE NOT entry.whole);
COMMENT ON FUNCTION gatepost.audit_first_broken() IS
    'The first row of the audit log that is not what was written, or follows a gap; NULL: none.';

CREATE FUNCTION gatepost.domain_of_address(address text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN substring(address FROM '[^@]*$');

CREATE INDEX aliases_domain ON gatepost.aliases (gatepost.domain_of_address(source));

-- Rules that need other rows.

CREATE FUNCTION gatepost.mail_domain_before_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.name <> OLD.name THEN
        RAISE EXCEPTION 'the mail domain % cannot be given another name', OLD.name
            USING HINT = 'Make one of the other name, and this one an alias of it.';
    END IF;
    IF NEW.alias_of IS NULL OR (TG_OP = 'UPDATE' AND NEW.alias_of = OLD.alias_of) THEN
        RETURN NEW;
    END IF;
    -- Two that become aliases of one another at the same time would not see each other.
    PERFORM pg_advisory_xact_lock('gatepost.mail_domains'::regclass::bigint);
    IF NEW.alias_of = NEW.id
       OR EXISTS (SELECT FROM gatepost.mail_domains d
                  WHERE d.id = NEW.alias_of AND d.alias_of IS NOT NULL)
       OR EXISTS (SELECT FROM gatepost.mail_domains d WHERE d.alias_of = NEW.id) THEN
        RAISE EXCEPTION 'the mail domain % cannot be an alias of an alias', NEW.name
            USING HINT = 'Name the domain that has the accounts.';
    END IF;
    IF EXISTS (SELECT FROM gatepost.accounts a WHERE a.domain_id = NEW.id)
       OR EXISTS (SELECT FROM gatepost.aliases a
                  WHERE gatepost.domain_of_address(a.source) = NEW.name) THEN
        RAISE EXCEPTION 'the mail domain % has accounts or aliases, and cannot be an alias',
            NEW.name USING HINT = 'They could not be reached any more: move or purge them first.';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER mail_domain_before_change BEFORE INSERT OR UPDATE ON gatepost.mail_domains
    FOR EACH ROW EXECUTE FUNCTION gatepost.mail_domain_before_change();

-- Aliases go with their domain; accounts keep it from going.
CREATE FUNCTION gatepost.mail_domain_before_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM gatepost.aliases a WHERE gatepost.domain_of_address(a.source) = OLD.name;
    RETURN OLD;
END $$;

CREATE TRIGGER mail_domain_before_delete BEFORE DELETE ON gatepost.mail_domains
    FOR EACH ROW EXECUTE FUNCTION gatepost.mail_domain_before_delete();

-- The mail domain of an address, held until the transaction ends.
CREATE FUNCTION gatepost.mail_domain_for(address text) RETURNS gatepost.mail_domains
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    domain gatepost.mail_domains;
BEGIN
    IF address IS NULL THEN
        RAISE EXCEPTION 'an account needs an address';
    END IF;
    SELECT * INTO domain FROM gatepost.mail_domains d
    WHERE d.name = gatepost.domain_of_address(address) COLLATE "C" FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION '%: % is no mail domain of this system', address,
            gatepost.domain_of_address(address)
            USING HINT = format('gatepost domain create %s',
                                gatepost.domain_of_address(address));
    END IF;
    IF domain.alias_of IS NOT NULL THEN
        RAISE EXCEPTION '%: the mail domain % is an alias and has no addresses of its own', address,
            domain.name USING HINT = 'The domain that it is an alias of has them.';
    END IF;
    RETURN domain;
END $$;

CREATE FUNCTION gatepost.account_before_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    domain gatepost.mail_domains;
BEGIN
    -- Into the bin and out of it.
    IF NEW.state = 'removed' AND NEW.address IS NOT NULL THEN
        NEW.removed_address := NEW.address;
        NEW.removed_at := coalesce(NEW.removed_at, now());
        NEW.address := NULL;
    ELSIF TG_OP = 'UPDATE' AND NEW.state <> 'removed' AND OLD.state = 'removed' THEN
        NEW.address := coalesce(NEW.address, NEW.removed_address);
        NEW.removed_address := NULL;
        NEW.removed_at := NULL;
    END IF;
    IF TG_OP = 'INSERT' OR NEW.domain_id <> OLD.domain_id
       OR NEW.address IS DISTINCT FROM OLD.address THEN
        domain := gatepost.mail_domain_for(coalesce(NEW.address, NEW.removed_address));
        IF TG_OP = 'INSERT' THEN
            NEW.domain_id := coalesce(NEW.domain_id, domain.id);
            NEW.quota_bytes := coalesce(NEW.quota_bytes, domain.default_quota_bytes);
            NEW.quota_messages := coalesce(NEW.quota_messages, domain.default_quota_messages);
        ELSIF NEW.domain_id = OLD.domain_id THEN
            NEW.domain_id := domain.id;
        END IF;
        IF NEW.domain_id <> domain.id THEN
            RAISE EXCEPTION 'the domain of % is not the one that the account is in',
                coalesce(NEW.address, NEW.removed_address);
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER account_before_change BEFORE INSERT OR UPDATE ON gatepost.accounts
    FOR EACH ROW EXECUTE FUNCTION gatepost.account_before_change();

CREATE FUNCTION gatepost.credential_before_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.services := CASE WHEN '*' = ANY (NEW.services) THEN '{*}'
        ELSE ARRAY(SELECT DISTINCT s FROM unnest(NEW.services) AS s ORDER BY s) END;
    RETURN NEW;
END $$;

CREATE TRIGGER credential_before_change BEFORE INSERT OR UPDATE OF services
    ON gatepost.credentials FOR EACH ROW EXECUTE FUNCTION gatepost.credential_before_change();

CREATE FUNCTION gatepost.alias_before_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM gatepost.mail_domain_for(NEW.source);
    RETURN NEW;
END $$;

CREATE TRIGGER alias_before_change BEFORE INSERT OR UPDATE OF source ON gatepost.aliases
    FOR EACH ROW EXECUTE FUNCTION gatepost.alias_before_change();

-- The history, as it is of zones and certificates: never a hash, and not what services keep
-- themselves (over_quota, last_login_at, last_used_at).
COMMENT ON COLUMN gatepost.history.type IS
    'SOA for the zone itself; CERTIFICATE, SERVICE_CERTIFICATE, REDIRECT, MAIL_DOMAIN, ACCOUNT, '
    'CREDENTIAL, ALIAS, FILING_RULE for rows of those tables.';

-- The zone here that a host is in; 0 and the host itself where there is none.
CREATE FUNCTION gatepost.zone_of_host(host text, OUT id bigint, OUT name text)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    label text[] := string_to_array(host, '.');
BEGIN
    -- The longest: a name that ends in another one is longer.
    SELECT z.id, z.name INTO id, name FROM gatepost.zones z
    WHERE z.name = ANY (ARRAY(SELECT array_to_string(label[n:], '.') || '.'
                              FROM generate_series(1, cardinality(label)) AS n) COLLATE "C")
    ORDER BY length(z.name) DESC LIMIT 1;
    IF NOT FOUND THEN
        id := 0;
        name := host || '.';
    END IF;
END $$;

CREATE FUNCTION gatepost.mail_domain_to_json(d gatepost.mail_domains) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN to_jsonb(d) - '{id,name,alias_of,created_at,created_by}'::text[] || jsonb_build_object(
        'alias_of', (SELECT t.name FROM gatepost.mail_domains t WHERE t.id = d.alias_of));
CREATE FUNCTION gatepost.account_to_json(a gatepost.accounts) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('id', a.id, 'address', coalesce(a.address, a.removed_address),
        'state', a.state, 'role', a.role, 'display_name', a.display_name, 'quota_bytes',
        a.quota_bytes, 'quota_messages', a.quota_messages);
CREATE FUNCTION gatepost.credential_to_json(c gatepost.credentials) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('kind', c.kind, 'label', c.label, 'services', to_jsonb(c.services),
        'scheme', substring(c.hash FROM '^\{([^}]*)\}'), 'expires_at', c.expires_at, 'must_change',
        c.must_change);
CREATE FUNCTION gatepost.alias_to_json(a gatepost.aliases) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('target', a.target, 'active', a.active);
CREATE FUNCTION gatepost.filing_rule_to_json(r gatepost.filing_rules) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN to_jsonb(r) - '{id,account_id}'::text[];

CREATE FUNCTION gatepost.history_of_mail(host text, name text, type text, action text, old jsonb,
                                         new jsonb)
    RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO gatepost.history (zone_id, zone, name, type, action, old, new)
    SELECT zone.id, zone.name, history_of_mail.name, type, action, old, new
    FROM gatepost.zone_of_host(host) AS zone;
END;

CREATE FUNCTION gatepost.mail_domain_after_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text := CASE WHEN TG_OP = 'DELETE' THEN OLD.name ELSE NEW.name END;
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN gatepost.mail_domain_to_json(OLD) END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN gatepost.mail_domain_to_json(NEW) END;
BEGIN
    IF was IS DISTINCT FROM became THEN
        PERFORM gatepost.history_of_mail(name, name || '.', 'MAIL_DOMAIN', lower(TG_OP), was,
                                         became);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER mail_domain_after_change AFTER INSERT OR UPDATE OR DELETE ON gatepost.mail_domains
    FOR EACH ROW EXECUTE FUNCTION gatepost.mail_domain_after_change();

-- Other programs listen to these channels, for these keys.
CREATE FUNCTION gatepost.account_notify(operation text, was gatepost.accounts,
                                        became gatepost.accounts)
    RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old_address text := coalesce(was.address, was.removed_address);
    new_address text := coalesce(became.address, became.removed_address);
    old_domain text := gatepost.domain_of_address(old_address);
    new_domain text := gatepost.domain_of_address(new_address);
    old_user text := left(old_address, -length(old_domain) - 1);
    new_user text := left(new_address, -length(new_domain) - 1);
    old_home text := format('/var/mail/%s/%s', old_domain, old_user);
    new_home text := format('/var/mail/%s/%s', new_domain, new_user);
BEGIN
    PERFORM pg_notify('user_' || operation, CASE operation
        WHEN 'created' THEN json_build_object('user_id', became.id, 'username', new_user,
            'email', new_address, 'domain', new_domain, 'home_directory', new_home,
            'created_at', became.created_at)
        WHEN 'updated' THEN json_build_object('user_id', became.id, 'username', new_user,
            'old_email', old_address, 'new_email', new_address, 'old_domain', old_domain,
            'new_domain', new_domain, 'old_home_directory', old_home, 'new_home_directory',
            new_home, 'updated_at', now())
        ELSE json_build_object('user_id', was.id, 'username', old_user, 'email', old_address,
            'domain', old_domain, 'home_directory', old_home, 'deleted_at', now())
        END::text);
END $$;

CREATE FUNCTION gatepost.account_after_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN gatepost.account_to_json(OLD) END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN gatepost.account_to_json(NEW) END;
    address text := coalesce(became, was) ->> 'address';
    -- Whether it is outside the bin: what the other programs know of.
    was_there boolean := TG_OP <> 'INSERT' AND OLD.address IS NOT NULL;
    is_there boolean := TG_OP <> 'DELETE' AND NEW.address IS NOT NULL;
BEGIN
    IF was IS NOT DISTINCT FROM became THEN
        RETURN NULL;
    END IF;
    PERFORM gatepost.history_of_mail(gatepost.domain_of_address(address), address, 'ACCOUNT',
                                     lower(TG_OP), was, became);
    IF is_there AND NOT was_there THEN
        PERFORM gatepost.account_notify('created', NULL, NEW);
    ELSIF was_there AND NOT is_there THEN
        PERFORM gatepost.account_notify('deleted', OLD, NULL);
    ELSIF was_there AND NEW.address <> OLD.address THEN
        PERFORM gatepost.account_notify('updated', OLD, NEW);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER account_after_change AFTER INSERT OR UPDATE OR DELETE ON gatepost.accounts
    FOR EACH ROW EXECUTE FUNCTION gatepost.account_after_change();

-- What goes with its account needs no entry of its own: the account is gone by then.
CREATE FUNCTION gatepost.credential_after_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    account bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.account_id ELSE NEW.account_id END;
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN gatepost.credential_to_json(OLD) END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN gatepost.credential_to_json(NEW) END;
    address text;
BEGIN
    SELECT coalesce(a.address, a.removed_address) INTO address FROM gatepost.accounts a
    WHERE a.id = account;
    -- A password that was changed under one scheme looks the same here, and is a change.
    IF FOUND AND (TG_OP <> 'UPDATE' OR was <> became OR NEW.hash <> OLD.hash) THEN
        PERFORM gatepost.history_of_mail(gatepost.domain_of_address(address), address,
                                         'CREDENTIAL', lower(TG_OP), was, became);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER credential_after_change AFTER INSERT OR DELETE
    OR UPDATE OF kind, services, label, hash, expires_at, must_change ON gatepost.credentials
    FOR EACH ROW EXECUTE FUNCTION gatepost.credential_after_change();

CREATE FUNCTION gatepost.alias_after_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source text := CASE WHEN TG_OP = 'DELETE' THEN OLD.source ELSE NEW.source END;
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN gatepost.alias_to_json(OLD) END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN gatepost.alias_to_json(NEW) END;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.source <> OLD.source THEN
        PERFORM gatepost.history_of_mail(gatepost.domain_of_address(OLD.source), OLD.source,
                                         'ALIAS', 'delete', was, NULL);
        PERFORM gatepost.history_of_mail(gatepost.domain_of_address(NEW.source), NEW.source,
                                         'ALIAS', 'insert', NULL, became);
    ELSIF was IS DISTINCT FROM became THEN
        PERFORM gatepost.history_of_mail(gatepost.domain_of_address(source), source, 'ALIAS',
                                         lower(TG_OP), was, became);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER alias_after_change AFTER INSERT OR UPDATE OR DELETE ON gatepost.aliases
    FOR EACH ROW EXECUTE FUNCTION gatepost.alias_after_change();

CREATE FUNCTION gatepost.filing_rule_after_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    account bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.account_id ELSE NEW.account_id END;
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN gatepost.filing_rule_to_json(OLD) END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN gatepost.filing_rule_to_json(NEW) END;
    address text;
BEGIN
    SELECT coalesce(a.address, a.removed_address) INTO address FROM gatepost.accounts a
    WHERE a.id = account;
    IF FOUND AND was IS DISTINCT FROM became THEN
        PERFORM gatepost.history_of_mail(gatepost.domain_of_address(address), address,
                                         'FILING_RULE', lower(TG_OP), was, became);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER filing_rule_after_change AFTER INSERT OR UPDATE OR DELETE ON gatepost.filing_rules
    FOR EACH ROW EXECUTE FUNCTION gatepost.filing_rule_after_change();

CREATE TRIGGER mail_domains_refuse_truncate BEFORE TRUNCATE ON gatepost.mail_domains
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
CREATE TRIGGER accounts_refuse_truncate BEFORE TRUNCATE ON gatepost.accounts
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
CREATE TRIGGER credentials_refuse_truncate BEFORE TRUNCATE ON gatepost.credentials
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
CREATE TRIGGER aliases_refuse_truncate BEFORE TRUNCATE ON gatepost.aliases
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
CREATE TRIGGER filing_rules_refuse_truncate BEFORE TRUNCATE ON gatepost.filing_rules
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();

ALTER PUBLICATION gatepost ADD TABLE
    gatepost.mail_domains,
    gatepost.accounts (id, domain_id, address, state, role, quota_bytes, quota_messages,
                       over_quota),
    gatepost.credentials (id, account_id, kind, services, label, hash, expires_at),
    gatepost.aliases (id, source, target, active),
    gatepost.filing_rules (id, account_id, field, contains, folder, position, active);

-- Accounts in the names and types that programs written for the mail stack "unified" read them by,
-- and domains, accounts and aliases in those of DinoMail, which Postfix and Dovecot are pointed at
-- while a system moves. For reading only, and as in 008 never in the place of those programs' own.

-- A schema of that name, ours to make views in; false: it is somebody else's.
CREATE FUNCTION pg_temp.have_schema(schema_name text, about text) RETURNS boolean
    LANGUAGE plpgsql AS $$
BEGIN
    IF to_regnamespace(schema_name) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', schema_name);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', schema_name, about);
    ELSIF NOT has_schema_privilege(schema_name, 'CREATE') THEN
        RAISE NOTICE 'the schema % belongs to somebody else: no views are made in it', schema_name;
        RETURN false;
    END IF;
    RETURN true;
END $$;

CREATE FUNCTION pg_temp.make_view(view_name text, about text, query text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass(view_name) IS NULL THEN
        EXECUTE format('CREATE VIEW %s AS %s', view_name, query);
        EXECUTE format('COMMENT ON VIEW %s IS %L', view_name, 'Gatepost: ' || about);
    END IF;
END $$;

DO $$
BEGIN
    IF NOT pg_temp.have_schema('unified',
            'Gatepost: read-only views in the names of the stack "unified".') THEN
        RETURN;
    END IF;

    PERFORM pg_temp.make_view('unified.users', 'gatepost.accounts, without the bin.', $view$
        SELECT a.id, left(a.address, -length(d.name) - 1) AS username, a.address AS email,
               d.name AS domain, a.display_name AS first_name, ''::text AS last_name,
               5000 AS system_uid, 5000 AS system_gid,
               format('/var/mail/%s/%s', d.name, left(a.address, -length(d.name) - 1))
                   AS home_directory,
               'maildir'::text AS mailbox_format, a.state = 'active' AND d.active AS is_active,
               a.state = 'suspended' AS is_locked, true AS email_verified,
               NULL::text AS email_verification_token, NULL::timestamp AS email_verification_expires_at,
               NULL::text AS password_reset_token, NULL::timestamp AS password_reset_expires_at,
               (a.created_at AT TIME ZONE 'UTC') AS created_at,
               (a.created_at AT TIME ZONE 'UTC') AS updated_at,
               (a.last_login_at AT TIME ZONE 'UTC') AS last_login_at, 0 AS failed_login_attempts,
               NULL::timestamp AS last_failed_login_at
        FROM gatepost.accounts a JOIN gatepost.mail_domains d ON d.id = a.domain_id
        WHERE a.state <> 'removed'$view$);

    -- Its services are two. A password of one service goes before one of all. Apache knows no
    -- {SCHEME} in front of a hash, Dovecot reads it from there.
    PERFORM pg_temp.make_view('unified.user_passwords', 'passwords of gatepost.credentials.', $view$
        SELECT DISTINCT ON (c.account_id, s.name)
               c.id * 2 + s.number AS id, c.account_id AS user_id, s.name AS service,
               CASE s.name WHEN 'apache' THEN substring(c.hash FROM '^\{[^}]*\}(.*)$') ELSE c.hash
               END AS password_hash,
               substring(c.hash FROM '^\{([^}]*)\}') AS hash_scheme,
               (c.created_at AT TIME ZONE 'UTC') AS created_at,
               (c.expires_at AT TIME ZONE 'UTC') AS expires_at,
               c.must_change AS must_change_on_next_login
        FROM gatepost.credentials c
        JOIN gatepost.accounts a ON a.id = c.account_id AND a.state <> 'removed'
        JOIN (VALUES (0, 'dovecot', 'imap'), (1, 'apache', 'web')) AS s (number, name, ours)
            ON c.services && ARRAY['*', s.ours]
        WHERE c.kind = 'password'
        ORDER BY c.account_id, s.name, c.services = '{*}', c.id$view$);

    PERFORM pg_temp.make_view('unified.user_roles', 'the role of gatepost.accounts.', $view$
        SELECT a.id AS user_id, a.role AS role_name, s.name AS service,
               (a.created_at AT TIME ZONE 'UTC') AS granted_at, NULL::bigint AS granted_by
        FROM gatepost.accounts a CROSS JOIN (VALUES ('apache'), ('dovecot')) AS s (name)
        WHERE a.state <> 'removed' AND (a.role <> 'no_email' OR s.name = 'dovecot')$view$);

    PERFORM pg_temp.make_view('unified.user_quotas', 'quotas of gatepost.accounts.', $view$
        SELECT a.id AS user_id, 'dovecot'::text AS service, q.type AS quota_type,
               q.value AS quota_value, q.unit AS quota_unit,
               (a.created_at AT TIME ZONE 'UTC') AS created_at
        FROM gatepost.accounts a
        CROSS JOIN LATERAL (VALUES ('storage', a.quota_bytes, 'bytes'),
                                   ('messages', a.quota_messages, 'count')) AS q (type, value, unit)
        WHERE a.state <> 'removed' AND q.value > 0$view$);

    -- There an alias is another address of a user; those that lead elsewhere have no user.
    PERFORM pg_temp.make_view('unified.email_aliases', 'gatepost.aliases.', $view$
        SELECT l.id, a.id AS user_id, l.source AS alias_email, false AS is_primary,
               l.active AS is_active, (l.created_at AT TIME ZONE 'UTC') AS created_at
        FROM gatepost.aliases l LEFT JOIN gatepost.accounts a ON a.address = l.target$view$);

    PERFORM pg_temp.make_view('unified.audit_log', 'gatepost.audit_log.', $view$
        SELECT l.id, a.id AS user_id, l.service, l.action, l.resource, l.address AS ip_address,
               NULL::text AS user_agent, l.success, nullif(l.error, '') AS error_message,
               l.data AS additional_data, (l.at AT TIME ZONE 'UTC') AS created_at
        FROM gatepost.audit_log l LEFT JOIN gatepost.accounts a ON a.address = l.actor$view$);

    IF obj_description(to_regclass('unified.users'), 'pg_class') LIKE 'Gatepost:%'
       AND obj_description(to_regclass('unified.user_passwords'), 'pg_class') LIKE 'Gatepost:%' THEN
        PERFORM pg_temp.make_view('unified.dovecot_auth', 'who logs in to mail.', $view$
            SELECT u.username, u.domain, u.email AS "user", p.password_hash AS password,
                   p.hash_scheme AS scheme, u.is_active
            FROM unified.users u
            JOIN unified.user_passwords p ON p.user_id = u.id AND p.service = 'dovecot'
            JOIN gatepost.accounts a ON a.id = u.id
            WHERE u.is_active AND a.role <> 'no_email'
              AND coalesce(p.expires_at > now() AT TIME ZONE 'UTC', true)$view$);
        PERFORM pg_temp.make_view('unified.dovecot_users', 'who has a mailbox.', $view$
            SELECT u.username, u.domain, u.email AS "user", u.home_directory AS home,
                   u.system_uid AS uid, u.system_gid AS gid, u.mailbox_format, a.quota_bytes
            FROM unified.users u JOIN gatepost.accounts a ON a.id = u.id
            WHERE u.is_active$view$);
        PERFORM pg_temp.make_view('unified.apache_auth', 'who logs in to the web.', $view$
            SELECT u.username, p.password_hash AS password,
                   CASE WHEN a.role IN ('admin', 'user') THEN a.role ELSE 'customer' END AS role,
                   u.is_active, u.email_verified
            FROM unified.users u
            JOIN unified.user_passwords p ON p.user_id = u.id AND p.service = 'apache'
            JOIN gatepost.accounts a ON a.id = u.id
            WHERE u.is_active AND coalesce(p.expires_at > now() AT TIME ZONE 'UTC', true)$view$);
    END IF;
END $$;

DO $$
BEGIN
    IF NOT pg_temp.have_schema('dinomail',
            'Gatepost: read-only views in the names of DinoMail.') THEN
        RETURN;
    END IF;

    PERFORM pg_temp.make_view('dinomail.core_virtualdomain', 'gatepost.mail_domains.', $view$
        SELECT d.id, d.name, ''::text AS dkim_key_name, ''::text AS dkim_key, 0 AS dkim_status,
               d.created_at AS dkim_last_update, d.display_name, d.short_display_name,
               d.imap_host AS imap_address, d.pop_host AS pop_address, d.smtp_host AS smtp_address,
               0 AS dmarc_status, d.created_at AS dmarc_last_update, 0 AS spf_status,
               d.created_at AS spf_last_update
        FROM gatepost.mail_domains d WHERE d.active$view$);

    -- "*" is the hash of no password: who may not log in still gets mail.
    PERFORM pg_temp.make_view('dinomail.core_virtualuser', 'gatepost.accounts.', $view$
        SELECT a.id, a.address AS email, coalesce((
                   SELECT c.hash FROM gatepost.credentials c
                   WHERE c.account_id = a.id AND c.kind = 'password' AND a.state = 'active'
                     AND c.services && ARRAY['*', 'imap'] AND coalesce(c.expires_at > now(), true)
                   ORDER BY c.services = '{*}', c.id LIMIT 1), '{CRYPT}*') AS password,
               a.quota_bytes AS quota, a.domain_id
        FROM gatepost.accounts a JOIN gatepost.mail_domains d ON d.id = a.domain_id
        WHERE a.state <> 'removed' AND a.role <> 'no_email' AND d.active$view$);

    -- A domain that is an alias is one of Postfix's aliases from "@domain" to "@domain".
    PERFORM pg_temp.make_view('dinomail.core_virtualalias', 'gatepost.aliases.', $view$
        SELECT l.id, l.source, l.target AS destination, d.id AS domain_id
        FROM gatepost.aliases l
        JOIN gatepost.mail_domains d ON d.name = gatepost.domain_of_address(l.source)
        WHERE l.active AND d.active
        UNION ALL
        SELECT -d.id, '@' || d.name, '@' || t.name, d.id
        FROM gatepost.mail_domains d JOIN gatepost.mail_domains t ON t.id = d.alias_of
        WHERE d.active$view$);
END $$;
DROP FUNCTION pg_temp.make_view(text, text, text);
DROP FUNCTION pg_temp.have_schema(text, text);
