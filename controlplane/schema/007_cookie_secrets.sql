-- The secrets of DNS cookies (RFC 7873), which all edges share, so that a cookie that one of them
-- made is good at every other one, and after a restart.

-- 16 octets that nobody can guess: from 244 random bits, without an extension.
CREATE FUNCTION gatepost.random_secret() RETURNS bytea
    LANGUAGE sql VOLATILE
    RETURN substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
                     FROM 1 FOR 16);

CREATE TABLE gatepost.dns_cookie_secret (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret       bytea NOT NULL DEFAULT gatepost.random_secret()
                 CHECK (octet_length(secret) = 16),
    state        text COLLATE "C" NOT NULL DEFAULT 'staged'
                 CHECK (state IN ('staged', 'active', 'retired')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    state_since  timestamptz NOT NULL DEFAULT now()
);
-- Cookies are made with one secret at a time.
CREATE UNIQUE INDEX dns_cookie_secret_active ON gatepost.dns_cookie_secret (state)
    WHERE state = 'active';
COMMENT ON TABLE gatepost.dns_cookie_secret IS
    'Secrets of DNS cookies. Those made with any of them are accepted.';
COMMENT ON COLUMN gatepost.dns_cookie_secret.state IS
    'staged: not used yet; active: new cookies are made with it; retired: no longer used '
    '(RFC 9018 §5).';

CREATE FUNCTION gatepost.dns_cookie_secret_rules() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.secret <> OLD.secret THEN
            RAISE EXCEPTION 'the cookie secret % cannot be changed', OLD.id
                USING HINT = 'Stage a new one, so that every edge has it before it is used.';
        END IF;
        IF NEW.state <> OLD.state THEN
            NEW.state_since := now();
        END IF;
        RETURN NEW;
    END IF;
    -- What an edge has room for. The lock keeps two writers from counting at the same time.
    PERFORM pg_advisory_xact_lock('gatepost.dns_cookie_secret'::regclass::bigint);
    IF (SELECT count(*) FROM gatepost.dns_cookie_secret) >= 4 THEN
        RAISE EXCEPTION 'there are 4 cookie secrets already, which is the most'
            USING HINT = 'Remove one that has been retired for more than an hour.';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER dns_cookie_secret_rules BEFORE INSERT OR UPDATE ON gatepost.dns_cookie_secret
    FOR EACH ROW EXECUTE FUNCTION gatepost.dns_cookie_secret_rules();

INSERT INTO gatepost.dns_cookie_secret (state) VALUES ('active');

ALTER PUBLICATION gatepost ADD TABLE gatepost.dns_cookie_secret (id, secret, state);
