-- Certificates and which service uses which, redirects, and answers to challenges of ACME. Names of
-- hosts are in lower case without the last dot, as TLS clients send them (RFC 6066 §3).

-- "mail.example.org", "*.example.org", "localhost".
CREATE FUNCTION gatepost.host_is_valid(host text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN length(host) <= 253 AND host ~
        '^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$';

CREATE TABLE gatepost.certificates (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain         text COLLATE "C" NOT NULL CHECK (gatepost.host_is_valid(domain)),
    type           text COLLATE "C" NOT NULL CHECK (type IN ('live', 'staged', 'self-signed')),
    key_type       text COLLATE "C" NOT NULL CHECK (key_type IN ('ecdsa', 'rsa', 'ed25519')),
    chain          text NOT NULL CHECK (
                       chain LIKE '-----BEGIN CERTIFICATE-----%' AND chain NOT LIKE '%PRIVATE KEY%'
                       AND length(chain) <= 262144),
    sealed_key     bytea NOT NULL CHECK (
                       substring(sealed_key FROM 1 FOR 4) = 'GPS1'
                       AND octet_length(sealed_key) BETWEEN 41 AND 65536),
    ocsp_response  bytea CHECK (octet_length(ocsp_response) BETWEEN 1 AND 65536),
    names          text[] COLLATE "C" NOT NULL,
    issuer         text NOT NULL DEFAULT '',
    subject        text NOT NULL DEFAULT '',
    serial_number  text NOT NULL DEFAULT '',
    fingerprint    text NOT NULL DEFAULT '',
    not_before     timestamptz NOT NULL,
    not_after      timestamptz NOT NULL,
    source         text NOT NULL DEFAULT 'sql',
    created_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (domain, type, key_type),
    CONSTRAINT certificates_validity CHECK (not_after > not_before)
);
CREATE INDEX certificates_not_after ON gatepost.certificates (not_after);
COMMENT ON TABLE gatepost.certificates IS
    'Certificates with their keys. An edge uses live before staged before self-signed ones, those '
    'valid for less than a day only where there is nothing better.';
COMMENT ON COLUMN gatepost.certificates.chain IS
    'PEM: the server''s own certificate first, then those of the CAs that issued it, in order.';
COMMENT ON COLUMN gatepost.certificates.sealed_key IS
    'PKCS #8, sealed with AES-256-GCM under a key of the edges'' key file: nobody can use it who has '
    'only the database. Octets 5 to 12 name that key.';
COMMENT ON COLUMN gatepost.certificates.names IS 'The host names that the certificate is about.';
COMMENT ON COLUMN gatepost.certificates.fingerprint IS 'SHA-256 of the certificate, hexadecimal.';
COMMENT ON COLUMN gatepost.certificates.source IS
    'Where it came from: import, self-signed, keeper (self-signed by an edge itself), sql.';

CREATE TABLE gatepost.service_certificates (
    service  text COLLATE "C" NOT NULL
             CHECK (service IN ('dns', 'https', 'smtp', 'imap', 'pop3', 'sieve', '*')),
    domain   text COLLATE "C" NOT NULL CHECK (gatepost.host_is_valid(domain)),
    type     text COLLATE "C" NOT NULL CHECK (type IN ('live', 'staged', 'self-signed')),
    PRIMARY KEY (service, domain)
);
COMMENT ON TABLE gatepost.service_certificates IS
    'Which type of certificate a service is to use for a domain, against the order of preference. '
    'Where there is none of that type, or none that is valid, that order counts after all.';
COMMENT ON COLUMN gatepost.service_certificates.service IS
    '*: all services without a row of their own.';

CREATE TABLE gatepost.redirects (
    host       text COLLATE "C" PRIMARY KEY
               CHECK (gatepost.host_is_valid(host) AND host NOT LIKE '*%'),
    url        text NOT NULL CHECK (
                   url ~ '^https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?][!-~]*)?$'
                   AND strpos(url, '#') = 0 AND length(url) <= 2048),
    code       integer NOT NULL DEFAULT 308 CHECK (code IN (301, 302, 307, 308)),
    keep_path  boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE gatepost.redirects IS 'Hosts whose HTTP requests are sent elsewhere.';
COMMENT ON COLUMN gatepost.redirects.keep_path IS
    'Path and query of the request are put behind the URL.';

CREATE TABLE gatepost.acme_challenges (
    host               text COLLATE "C" NOT NULL
                       CHECK (gatepost.host_is_valid(host) AND host NOT LIKE '*%'),
    token              text COLLATE "C" NOT NULL CHECK (token ~ '^[A-Za-z0-9_-]{1,128}$'),
    key_authorization  text NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (host, token),
    -- RFC 8555 §8.1: the token, a dot, and a digest in base64url.
    CONSTRAINT acme_challenges_key_authorization CHECK (
        starts_with(key_authorization, token || '.')
        AND key_authorization ~ '^[A-Za-z0-9_-]{1,128}\.[A-Za-z0-9_-]{1,128}$')
);
COMMENT ON TABLE gatepost.acme_challenges IS
    'What /.well-known/acme-challenge/TOKEN on port 80 of HOST answers (RFC 8555 §8.3).';

-- The history is by zone: that which the host is in, or none (0) where no zone of ours has it.
COMMENT ON COLUMN gatepost.history.zone_id IS '0: the host belongs to no zone here.';
COMMENT ON COLUMN gatepost.history.type IS
    'SOA for the zone itself; CERTIFICATE, SERVICE_CERTIFICATE, REDIRECT for rows of those tables.';

CREATE FUNCTION gatepost.history_of_host(host text, type text, action text, old jsonb, new jsonb)
    RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH labels AS (SELECT string_to_array(host, '.') AS label),
    suffixes AS (
        SELECT array_to_string(label[n:], '.') || '.' AS name
        FROM labels, generate_series(1, cardinality(label)) AS n),
    -- The longest: a name that ends in another one is longer.
    zone AS (
        SELECT z.id, z.name FROM gatepost.zones z WHERE z.name IN (SELECT name FROM suffixes)
        ORDER BY length(z.name) DESC LIMIT 1)
    INSERT INTO gatepost.history (zone_id, zone, name, type, action, old, new)
    SELECT coalesce(zone.id, 0), coalesce(zone.name, host || '.'), host || '.', type, action, old,
           new
    FROM (SELECT) AS one LEFT JOIN zone ON true;
END;

-- Never the key, and of the chain what tells it from others.
CREATE FUNCTION gatepost.certificate_to_json(c gatepost.certificates) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('type', c.type, 'key_type', c.key_type, 'names', to_jsonb(c.names),
        'issuer', c.issuer, 'serial_number', c.serial_number, 'fingerprint', c.fingerprint,
        'not_before', c.not_before, 'not_after', c.not_after, 'source', c.source,
        'ocsp', c.ocsp_response IS NOT NULL);

-- Other programs listen to both channels: "service:domain:type", and JSON with these keys.
CREATE FUNCTION gatepost.certificate_notify(service text, id bigint, domain text, type text,
                                            operation text)
    RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('certificate_change', format('%s:%s:%s', service, domain, type));
    PERFORM pg_notify('certificate_changes', jsonb_build_object('certificate_id', id,
        'service', service, 'domain', domain, 'certificate_type', type, 'operation', operation,
        'timestamp', now())::text);
END $$;

-- A change of one column would leave the others where PostgreSQL keeps long values, out of line, and
-- these are not sent to the edges with the change. A value that is made anew is.
CREATE FUNCTION gatepost.certificate_before_update() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.chain := NEW.chain || '';
    NEW.sealed_key := NEW.sealed_key || ''::bytea;
    NEW.ocsp_response := NEW.ocsp_response || ''::bytea;
    NEW.names := array_cat(NEW.names, '{}');
    RETURN NEW;
END $$;

CREATE TRIGGER certificate_before_update BEFORE UPDATE ON gatepost.certificates
    FOR EACH ROW EXECUTE FUNCTION gatepost.certificate_before_update();

-- SECURITY DEFINER here and below: who may write certificates needs no right to write history.
CREATE FUNCTION gatepost.certificate_after_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NULL;
    END IF;
    -- One that changed its domain or type is gone from where it was.
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND (NEW.domain, NEW.type) <> (OLD.domain, OLD.type))
    THEN
        PERFORM gatepost.certificate_notify('*', OLD.id, OLD.domain, OLD.type, TG_OP);
        PERFORM gatepost.history_of_host(OLD.domain, 'CERTIFICATE', 'delete',
                                         gatepost.certificate_to_json(OLD), NULL);
        IF TG_OP = 'UPDATE' THEN
            PERFORM gatepost.history_of_host(NEW.domain, 'CERTIFICATE', 'insert', NULL,
                                             gatepost.certificate_to_json(NEW));
        END IF;
    ELSE
        PERFORM gatepost.history_of_host(NEW.domain, 'CERTIFICATE', lower(TG_OP),
            CASE WHEN TG_OP = 'UPDATE' THEN gatepost.certificate_to_json(OLD) END,
            gatepost.certificate_to_json(NEW));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM gatepost.certificate_notify('*', NEW.id, NEW.domain, NEW.type, TG_OP);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER certificate_after_change AFTER INSERT OR UPDATE OR DELETE ON gatepost.certificates
    FOR EACH ROW EXECUTE FUNCTION gatepost.certificate_after_change();

CREATE FUNCTION gatepost.service_certificate_after_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was jsonb;
    became jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := jsonb_build_object('service', OLD.service, 'type', OLD.type);
        IF TG_OP = 'DELETE' OR (NEW.service, NEW.domain) <> (OLD.service, OLD.domain) THEN
            PERFORM gatepost.certificate_notify(OLD.service, NULL, OLD.domain, 'auto', TG_OP);
            PERFORM gatepost.history_of_host(OLD.domain, 'SERVICE_CERTIFICATE', 'delete', was, NULL);
            was := NULL;
        END IF;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        became := jsonb_build_object('service', NEW.service, 'type', NEW.type);
        IF became IS DISTINCT FROM was THEN
            PERFORM gatepost.certificate_notify(NEW.service, NULL, NEW.domain, NEW.type, TG_OP);
            PERFORM gatepost.history_of_host(NEW.domain, 'SERVICE_CERTIFICATE',
                CASE WHEN was IS NULL THEN 'insert' ELSE 'update' END, was, became);
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER service_certificate_after_change
    AFTER INSERT OR UPDATE OR DELETE ON gatepost.service_certificates
    FOR EACH ROW EXECUTE FUNCTION gatepost.service_certificate_after_change();

CREATE FUNCTION gatepost.redirect_after_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - 'host' END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - 'host' END;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.host <> OLD.host THEN
        PERFORM gatepost.history_of_host(OLD.host, 'REDIRECT', 'delete', was, NULL);
        PERFORM gatepost.history_of_host(NEW.host, 'REDIRECT', 'insert', NULL, became);
    ELSIF was IS DISTINCT FROM became THEN
        PERFORM gatepost.history_of_host(CASE WHEN TG_OP = 'DELETE' THEN OLD.host ELSE NEW.host END,
                                         'REDIRECT', lower(TG_OP), was, became);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER redirect_after_change AFTER INSERT OR UPDATE OR DELETE ON gatepost.redirects
    FOR EACH ROW EXECUTE FUNCTION gatepost.redirect_after_change();

CREATE TRIGGER certificates_refuse_truncate BEFORE TRUNCATE ON gatepost.certificates
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
CREATE TRIGGER service_certificates_refuse_truncate BEFORE TRUNCATE ON gatepost.service_certificates
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
CREATE TRIGGER redirects_refuse_truncate BEFORE TRUNCATE ON gatepost.redirects
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();

-- Which certificates a service uses for a domain now: of the best validity, of the type that is
-- pinned, else of the best type. Of those with several kinds of keys a client's abilities decide.
CREATE VIEW gatepost.certificate_use AS
    SELECT ranked.id, ranked.domain, ranked.service
    FROM (
        SELECT c.id, c.domain, s.service, rank() OVER (
            PARTITION BY c.domain, s.service
            ORDER BY CASE WHEN c.not_before > now() OR c.not_after < now() THEN 2
                          WHEN c.not_after < now() + interval '24 hours' THEN 1 ELSE 0 END,
                     (coalesce(own.type, every.type) <> c.type) IS TRUE,
                     array_position(ARRAY['live', 'staged', 'self-signed'], c.type::text)) AS place
        FROM gatepost.certificates c
        CROSS JOIN (VALUES (1, 'dns'), (2, 'https'), (3, 'smtp'), (4, 'imap'), (5, 'pop3'),
                           (6, 'sieve')) AS s (number, service)
        LEFT JOIN gatepost.service_certificates own
            ON own.domain = c.domain AND own.service = s.service
        LEFT JOIN gatepost.service_certificates every
            ON every.domain = c.domain AND every.service = '*') AS ranked
    WHERE ranked.place = 1;
COMMENT ON VIEW gatepost.certificate_use IS
    'One row for each service that uses a certificate for its domain at this moment.';

CREATE VIEW gatepost.certificate_status AS
    SELECT c.id, c.domain, c.type, c.key_type, c.names, c.issuer, c.subject, c.serial_number,
           c.fingerprint, c.not_before, c.not_after,
           CASE WHEN c.not_after < now() THEN 'expired'
                WHEN c.not_after < now() + interval '7 days' THEN 'critical'
                WHEN c.not_after < now() + interval '30 days' THEN 'warning'
                ELSE 'valid' END AS expiry_status,
           floor(extract(epoch FROM c.not_after - now()) / 86400)::integer AS days_left,
           u.services IS NOT NULL AS in_use,
           coalesce(u.services, '{}') AS in_use_by,
           c.ocsp_response IS NOT NULL AS has_ocsp_response,
           encode(substring(c.sealed_key FROM 5 FOR 8), 'hex') AS sealing_key,
           c.source, c.created_at
    FROM gatepost.certificates c
    LEFT JOIN (
        SELECT id, array_agg(service ORDER BY service) AS services
        FROM gatepost.certificate_use GROUP BY id) AS u USING (id);
COMMENT ON VIEW gatepost.certificate_status IS
    'Certificates without their keys: how long they are good, and which services use them now.';

ALTER PUBLICATION gatepost ADD TABLE
    gatepost.certificates (id, domain, type, key_type, chain, sealed_key, ocsp_response, names,
                           not_before, not_after),
    gatepost.service_certificates (service, domain, type),
    gatepost.redirects (host, url, code, keep_path),
    gatepost.acme_challenges (host, token, key_authorization);

-- The tables of certificates in the names and types that programs written for the mail and DNS stack
-- "unified" read them by. For reading only, and without the paths of files, for there are none.
-- Where that stack's own tables are in this database, they stay, and there is no view of that name.
DO $$
BEGIN
    IF to_regnamespace('unified') IS NULL THEN
        CREATE SCHEMA unified;
        COMMENT ON SCHEMA unified IS 'Gatepost: read-only views in the names of the stack "unified".';
    ELSIF NOT has_schema_privilege('unified', 'CREATE') THEN
        RAISE NOTICE 'the schema unified belongs to somebody else: no views are made in it';
        RETURN;
    END IF;

    IF to_regclass('unified.certificates') IS NULL THEN
        CREATE VIEW unified.certificates AS
            SELECT c.id, c.domain,
                   CASE WHEN c.type = 'self-signed' THEN 'self-signed'
                        WHEN c.source = 'acme' THEN 'letsencrypt' ELSE 'manual'
                   END AS certificate_type,
                   c.names AS subject_alt_names, c.issuer, c.subject,
                   (c.not_before AT TIME ZONE 'UTC') AS not_before,
                   (c.not_after AT TIME ZONE 'UTC') AS not_after,
                   NULL::text AS certificate_path, NULL::text AS private_key_path,
                   NULL::text AS chain_path, NULL::text AS fullchain_path,
                   true AS is_active, c.source IN ('keeper', 'self-signed', 'acme') AS auto_renew,
                   0 AS renewal_attempts,
                   NULL::timestamp AS last_renewal_attempt, NULL::timestamp AS last_renewal_success,
                   NULL::text AS renewal_error_message,
                   c.type = 'staged' AS acme_staging,
                   (c.created_at AT TIME ZONE 'UTC') AS created_at,
                   (c.created_at AT TIME ZONE 'UTC') AS updated_at
            FROM gatepost.certificate_status c;
        COMMENT ON VIEW unified.certificates IS 'Gatepost: gatepost.certificates.';
    END IF;

    IF to_regclass('unified.service_certificates') IS NULL THEN
        CREATE VIEW unified.service_certificates AS
            SELECT row_number() OVER (ORDER BY u.domain, s.name)::integer AS id,
                   s.name AS service_name, u.domain, c.type AS certificate_type,
                   true AS ssl_enabled, NULL::text AS certificate_path,
                   (max(c.created_at) AT TIME ZONE 'UTC') AS last_updated, true AS is_active
            FROM gatepost.certificate_use u
            JOIN gatepost.certificates c USING (id)
            -- The names that its own containers have there.
            CROSS JOIN LATERAL (VALUES (u.service), (CASE u.service WHEN 'smtp' THEN 'mail'
                                                     WHEN 'https' THEN 'apache' END)) AS s (name)
            WHERE s.name IS NOT NULL
            GROUP BY s.name, u.domain, c.type;
        COMMENT ON VIEW unified.service_certificates IS
            'Gatepost: the type of certificate that each service uses for a domain now.';
    END IF;

    IF to_regclass('unified.certificate_status') IS NULL THEN
        CREATE VIEW unified.certificate_status AS
            SELECT s.id, s.domain,
                   CASE WHEN s.type = 'self-signed' THEN 'self-signed'
                        WHEN s.source = 'acme' THEN 'letsencrypt' ELSE 'manual'
                   END AS certificate_type,
                   s.names AS subject_alt_names, s.issuer,
                   (s.not_before AT TIME ZONE 'UTC') AS not_before,
                   (s.not_after AT TIME ZONE 'UTC') AS not_after,
                   s.in_use AS is_active, s.source IN ('keeper', 'self-signed', 'acme') AS auto_renew,
                   NULL::timestamp AS last_renewal_success, NULL::text AS renewal_error_message,
                   s.not_after - now() AS time_until_expiry, s.expiry_status,
                   NULL::text AS certificate_path, NULL::text AS private_key_path,
                   NULL::text AS fullchain_path, 0::bigint AS recent_failed_renewals
            FROM gatepost.certificate_status s;
        COMMENT ON VIEW unified.certificate_status IS 'Gatepost: gatepost.certificate_status.';
    END IF;
END $$;
