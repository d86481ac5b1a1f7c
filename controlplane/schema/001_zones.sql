-- Domains, zones, and the RRsets in them. Names are absolute, in lower case, with the final dot,
-- spelt in the one canonical way (RFC 1035 §5.1 escapes only where they are needed), so that equal
-- names are equal text. They are compared octet by octet: COLLATE "C".

CREATE TABLE gatepost.domains (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text COLLATE "C" NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE gatepost.domains IS
    'What an owner registered: a name that zones, and later mail, belong to.';

-- A zone's row is its SOA record. Its lock is the lock of the zone: every writer of RRsets takes
-- it, and so the serial numbers of a zone follow the order of its commits. fillfactor: the serial's
-- update then stays on its page and touches no index. Ranges are checked by the triggers of 003 and
-- not by constraints, which every bump of the serial would parse and check anew.
CREATE TABLE gatepost.zones (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain_id    bigint REFERENCES gatepost.domains ON DELETE SET NULL,
    name         text COLLATE "C" NOT NULL UNIQUE,
    mname        text COLLATE "C" NOT NULL,
    rname        text COLLATE "C" NOT NULL,
    serial       bigint NOT NULL DEFAULT 1,
    refresh      integer NOT NULL DEFAULT 43200,
    retry        integer NOT NULL DEFAULT 3600,
    expire       integer NOT NULL DEFAULT 2419200,
    minimum      integer NOT NULL DEFAULT 180,
    soa_ttl      integer NOT NULL DEFAULT 14400,
    default_ttl  integer NOT NULL DEFAULT 14400,
    serial_xid   xid8 NOT NULL DEFAULT pg_current_xact_id(),
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
CREATE INDEX zones_domain ON gatepost.zones (domain_id);
COMMENT ON COLUMN gatepost.zones.minimum IS
    'Seconds that a negative answer may be cached (RFC 2308 §4).';
COMMENT ON COLUMN gatepost.zones.default_ttl IS 'TTL of records that are added without one.';
COMMENT ON COLUMN gatepost.zones.serial_xid IS
    'The transaction that set the serial last: one bump a transaction.';

-- zone_id references zones. The triggers of 005 keep it so, as a foreign key would: they hold the
-- zone's lock, and they check a statement's rows in one go where a foreign key costs a query a row.
CREATE TABLE gatepost.rrsets (
    zone_id  bigint NOT NULL,
    name     text COLLATE "C" NOT NULL,
    type     text COLLATE "C" NOT NULL,
    ttl      integer NOT NULL,
    rdata    text[] NOT NULL,
    PRIMARY KEY (zone_id, name, type)
) WITH (fillfactor = 90);
COMMENT ON TABLE gatepost.rrsets IS 'All RRsets but the SOA, which is the row of gatepost.zones.';
COMMENT ON COLUMN gatepost.rrsets.type IS
    'Mnemonic, or TYPEnnn for a type without one (RFC 3597 §5).';
COMMENT ON COLUMN gatepost.rrsets.rdata IS
    'One element a record, in presentation form, names absolute.';

-- RFC 1982 §3.1, without the zero that some software takes for "no serial".
CREATE FUNCTION gatepost.serial_next(serial bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN serial >= 4294967295 THEN 1 ELSE serial + 1 END;

-- RFC 1982 §3.2.
CREATE FUNCTION gatepost.serial_is_newer(serial bigint, than bigint) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((serial - than) & 4294967295) BETWEEN 1 AND 2147483647;

-- A name with escapes: printable characters that mean nothing to a master file must stand for
-- themselves.
CREATE FUNCTION gatepost.escaped_name_is_valid(name text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN name ~ ('^(([]!#%-''*+,/0-9:<=>?[^_`a-z{|}~-]'
                || '|\\[."();@$\\]'
                || '|\\(0[0-2][0-9]|03[0-2]|12[7-9]|1[3-9][0-9]|2[0-4][0-9]|25[0-5]))+\.)+$')
       AND length(regexp_replace(name, '\\([0-9]{3}|.)', 'x', 'g')) <= 254
       AND regexp_replace(name, '\\([0-9]{3}|.)', 'x', 'g') !~ '[^.]{64}';

-- Absolute, in lower case, canonical, labels of 1 to 63 octets, at most 255 in all (RFC 1035
-- §2.3.4).
CREATE FUNCTION gatepost.name_is_valid(name text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN name = '.' THEN true
        WHEN strpos(name, '\') > 0 THEN gatepost.escaped_name_is_valid(name)
        ELSE name !~ '[^]!#%-''*+,./0-9:<=>?[^_`a-z{|}~-]|\.\.|^\.|[^.]$' AND name <> ''
             AND length(name) <= 254 AND (length(name) <= 64 OR name !~ '[^.]{64}')
    END;

-- Whether `name` is `zone` or below it. Both must be valid. What stands before a dot that belongs
-- to the zone's name must not end in an open escape: "a\.b." is not below "b.".
CREATE FUNCTION gatepost.name_is_inside(name text, zone text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN name = zone OR zone = '.'
        OR (right(name, length(zone) + 1) = '.' || zone
            AND (strpos(name, '\') = 0
                 OR left(name, -length(zone) - 1) ~ '^([^\\]|\\.)*$'));
