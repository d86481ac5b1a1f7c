-- What every statement on gatepost.rrsets does besides: it locks the zones it touches and moves
-- their serials once a transaction, refuses what breaks a rule of a zone, and writes the history.
--
-- The triggers are per statement, over transition tables, so that a million rows cost a few set
-- operations. Most statements write one row; those take a path of scalars, which halves their cost.
-- Order matters: the zone's lock is taken first, so that the look at other rows (CNAME) sees all
-- that was committed before, and nothing can be added behind its back.

-- The types of gatepost's own table by name, and TYPEnnn for those without one; none that only
-- messages carry (RFC 6895 §3.1), and not SOA, which is the zone's row.
CREATE FUNCTION gatepost.type_is_valid(type text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN type IN ('A', 'NS', 'CNAME', 'MB', 'MG', 'MR', 'PTR', 'HINFO', 'MINFO', 'MX', 'TXT', 'RP', 'AFSDB',
                    'X25', 'RT', 'KEY', 'AAAA', 'LOC', 'SRV', 'NAPTR', 'KX', 'CERT', 'DNAME', 'APL', 'DS', 'SSHFP',
                    'RRSIG', 'NSEC', 'DNSKEY', 'DHCID', 'NSEC3', 'NSEC3PARAM', 'TLSA', 'SMIMEA', 'CDS', 'CDNSKEY',
                    'OPENPGPKEY', 'CSYNC', 'ZONEMD', 'SVCB', 'HTTPS', 'SPF', 'L32', 'LP', 'EUI48', 'EUI64', 'URI',
                    'CAA', 'DLV')
        OR CASE WHEN type ~ '^TYPE[1-9][0-9]{0,4}$' THEN
               substr(type, 5)::integer <= 65535
               AND substr(type, 5)::integer NOT BETWEEN 128 AND 255
               AND substr(type, 5)::integer NOT IN (1, 2, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 21, 25, 28,
                   29, 33, 35, 36, 37, 39, 41, 42, 43, 44, 46, 47, 48, 49, 50, 51, 52, 53, 59, 60, 61, 62, 63, 64,
                   65, 99, 105, 107, 108, 109, 256, 257, 32769)
           ELSE false END;

CREATE FUNCTION gatepost.ipv4_is_valid(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN value ~ ('^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}'
                 || '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$');

CREATE FUNCTION gatepost.ipv6_is_valid(value text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN value !~ '/' AND family(value::inet) = 6;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN false;
END $$;

-- The values that can be checked here at little cost; the control plane checks every type in full.
CREATE FUNCTION gatepost.rdata_list_is_valid(type text, rdata text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    value text;
BEGIN
    IF array_ndims(rdata) IS DISTINCT FROM 1 OR array_lower(rdata, 1) <> 1
       OR array_position(rdata, NULL) IS NOT NULL OR array_position(rdata, '') IS NOT NULL
       OR (type IN ('CNAME', 'DNAME') AND cardinality(rdata) > 1) THEN
        RETURN false;
    END IF;
    IF type IN ('A', 'AAAA') THEN
        FOREACH value IN ARRAY rdata LOOP
            IF NOT (CASE type WHEN 'A' THEN gatepost.ipv4_is_valid(value) ELSE gatepost.ipv6_is_valid(value) END) THEN
                RETURN false;
            END IF;
        END LOOP;
    END IF;
    RETURN cardinality(rdata) = 1
        OR cardinality(rdata) = (SELECT count(DISTINCT v) FROM unnest(rdata) v);
END $$;

-- One value of most types needs no loop; this form is taken into the statement that uses it.
CREATE FUNCTION gatepost.rdata_is_valid(type text, rdata text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN cardinality(rdata) = 1 AND type <> 'AAAA' THEN
            array_lower(rdata, 1) = 1 AND array_ndims(rdata) = 1
            AND rdata[1] <> '' AND (type <> 'A' OR gatepost.ipv4_is_valid(rdata[1]))
        ELSE gatepost.rdata_list_is_valid(type, rdata)
    END;

CREATE FUNCTION gatepost.rrset_is_valid(zone text, name text, type text, ttl integer, rdata text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN zone IS NOT NULL AND gatepost.name_is_valid(name) AND gatepost.name_is_inside(name, zone)
       AND gatepost.type_is_valid(type) AND ttl >= 0
       AND gatepost.rdata_is_valid(type, rdata)
       AND (type <> 'CNAME' OR name <> zone);

-- Raises what rrset_is_valid found.
CREATE FUNCTION gatepost.rrset_refuse(zone_id bigint, zone text, name text, type text, ttl integer, rdata text[])
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    what text := format('%s %s', name, type);
    value text;
BEGIN
    IF zone IS NULL THEN
        RAISE EXCEPTION '%: there is no zone with id %', what, zone_id
            USING HINT = 'Create the zone first; SELECT id, name FROM gatepost.zones shows what there is.',
                  ERRCODE = 'foreign_key_violation';
    ELSIF NOT gatepost.name_is_valid(name) THEN
        RAISE EXCEPTION '%: the owner name is not a domain name in canonical form', what
            USING HINT = format('Write it absolute and in lower case, such as "www.%s".', ltrim(zone, '.'));
    ELSIF NOT gatepost.name_is_inside(name, zone) THEN
        RAISE EXCEPTION '%: the owner name is outside zone %', what, zone
            USING HINT = format('Names of this zone are "%s" or end in ".%s".', zone, ltrim(zone, '.'));
    ELSIF type IN ('SOA', 'TYPE6') THEN
        RAISE EXCEPTION '%: the SOA record is the row of the zone, not an RRset', what
            USING HINT = 'UPDATE gatepost.zones SET mname = …, refresh = … instead.';
    ELSIF NOT gatepost.type_is_valid(type) THEN
        RAISE EXCEPTION '%: % is no record type that a zone can hold', what, type
            USING HINT = 'Use a name such as A or MX in upper case, or TYPEnnn for a type without a name (RFC 3597).';
    ELSIF ttl < 0 THEN
        RAISE EXCEPTION '%: the TTL % is outside 0 to 2147483647 seconds (RFC 2181 §8)', what, ttl;
    ELSIF type = 'CNAME' AND name = zone THEN
        RAISE EXCEPTION '%: the zone''s own name holds SOA and NS records, so it cannot be an alias', what
            USING HINT = 'Give it A and AAAA records.';
    ELSIF coalesce(cardinality(rdata), 0) = 0 THEN
        RAISE EXCEPTION '%: an RRset needs at least one value', what
            USING HINT = 'DELETE the row to remove the RRset.';
    ELSIF array_ndims(rdata) <> 1 OR array_lower(rdata, 1) <> 1 OR array_position(rdata, NULL) IS NOT NULL
          OR array_position(rdata, '') IS NOT NULL THEN
        RAISE EXCEPTION '%: the values are not a plain list of texts: %', what, rdata
            USING HINT = 'One element a record, none NULL or empty, such as ARRAY[''10 mx.example.org.''].';
    ELSIF type IN ('CNAME', 'DNAME') AND cardinality(rdata) > 1 THEN
        RAISE EXCEPTION '%: % values, and a name has at most one %', what, cardinality(rdata), type
            USING HINT = 'Keep one of them (RFC 2181 §10.1, RFC 6672 §2.4).';
    END IF;
    FOREACH value IN ARRAY rdata LOOP
        IF type = 'A' AND NOT gatepost.ipv4_is_valid(value) THEN
            RAISE EXCEPTION '%: "%" is not an IPv4 address', what, value
                USING HINT = 'Four numbers without a mask, such as 192.0.2.1; IPv6 addresses go into AAAA.';
        ELSIF type = 'AAAA' AND NOT gatepost.ipv6_is_valid(value) THEN
            RAISE EXCEPTION '%: "%" is not an IPv6 address', what, value
                USING HINT = 'Without a mask, such as 2001:db8::1; IPv4 addresses go into A.';
        END IF;
    END LOOP;
    RAISE EXCEPTION '%: a value stands twice in %', what, rdata
        USING HINT = 'The records of an RRset differ from one another (RFC 2181 §5).';
END $$;

-- A CNAME stands alone at its name, but for RRSIG, NSEC and KEY (RFC 1034 §3.6.2, RFC 2181 §10.1,
-- RFC 4034 §2.5).
CREATE FUNCTION gatepost.type_excludes(type text, other text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN type = 'CNAME' THEN other NOT IN ('RRSIG', 'NSEC', 'KEY')
                ELSE other = 'CNAME' AND type NOT IN ('RRSIG', 'NSEC', 'KEY') END;

CREATE FUNCTION gatepost.rrset_refuse_beside_cname(name text, type text, other text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% %: the name has % records, and a CNAME stands alone at its name (RFC 1034 §3.6.2)',
        name, type, other
        USING HINT = CASE type WHEN 'CNAME' THEN 'Remove the other records of the name first.'
                               ELSE 'Remove the CNAME first, or add the record at the name it points to.' END;
END $$;

CREATE FUNCTION gatepost.rrset_to_json(ttl integer, rdata text[]) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('ttl', ttl, 'rdata', rdata);

-- Locks zones in the order of their ids, and moves the serial of those that this transaction has
-- not moved yet.
CREATE FUNCTION gatepost.zones_bump(zone_ids bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM gatepost.zones z
    WHERE z.id = ANY (zone_ids) AND z.serial_xid <> pg_current_xact_id()
    ORDER BY z.id FOR NO KEY UPDATE;
    UPDATE gatepost.zones z
    SET serial = gatepost.serial_next(z.serial), serial_xid = pg_current_xact_id(), updated_at = now()
    WHERE z.id = ANY (zone_ids) AND z.serial_xid <> pg_current_xact_id();
END $$;

-- The three functions below share one shape. SECURITY DEFINER: who may write RRsets needs no right
-- to write zones or history. A session plans each statement once, maybe while the tables are empty
-- or the statement's rows are few. So the settings and the LATERAL forms leave only plans that hold
-- for any size: one look into an index a row. The costs that the settings make up must not start
-- the JIT compiler.

CREATE FUNCTION gatepost.rrsets_after_insert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    new_row gatepost.rrsets;
    zone text;
    bad record;
BEGIN
    SELECT n.* INTO new_row FROM new_rows n;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM FROM new_rows LIMIT 1 OFFSET 1;
    IF NOT FOUND THEN
        UPDATE gatepost.zones z
        SET serial = gatepost.serial_next(z.serial), serial_xid = pg_current_xact_id(), updated_at = now()
        WHERE z.id = new_row.zone_id AND z.serial_xid <> pg_current_xact_id() RETURNING z.name INTO zone;
        IF NOT FOUND THEN
            SELECT z.name INTO zone FROM gatepost.zones z WHERE z.id = new_row.zone_id;
        END IF;
        IF gatepost.rrset_is_valid(zone, new_row.name, new_row.type, new_row.ttl, new_row.rdata) IS NOT TRUE THEN
            PERFORM gatepost.rrset_refuse(new_row.zone_id, zone, new_row.name, new_row.type, new_row.ttl,
                                          new_row.rdata);
        END IF;
        PERFORM gatepost.rrset_refuse_beside_cname(o.name, new_row.type, o.type) FROM gatepost.rrsets o
        WHERE o.zone_id = new_row.zone_id AND o.name = new_row.name AND o.type <> new_row.type
          AND gatepost.type_excludes(new_row.type, o.type) LIMIT 1;
        INSERT INTO gatepost.history (who, via, zone_id, zone, name, type, action, new)
        VALUES (gatepost.actor(), current_setting('application_name'), new_row.zone_id, zone, new_row.name,
                new_row.type, 'insert', gatepost.rrset_to_json(new_row.ttl, new_row.rdata));
        RETURN NULL;
    END IF;

    PERFORM gatepost.zones_bump(ARRAY(SELECT DISTINCT zone_id FROM new_rows));
    SELECT n.*, z.name AS zone INTO bad
    FROM new_rows n LEFT JOIN LATERAL (
        SELECT z.name FROM gatepost.zones z WHERE z.id = n.zone_id OFFSET 0) z ON true
    WHERE gatepost.rrset_is_valid(z.name, n.name, n.type, n.ttl, n.rdata) IS NOT TRUE LIMIT 1;
    IF FOUND THEN
        PERFORM gatepost.rrset_refuse(bad.zone_id, bad.zone, bad.name, bad.type, bad.ttl, bad.rdata);
    END IF;
    PERFORM gatepost.rrset_refuse_beside_cname(n.name, n.type, 'CNAME') FROM new_rows n
    WHERE gatepost.type_excludes(n.type, 'CNAME') AND n.type <> 'CNAME' AND EXISTS (
        SELECT FROM gatepost.rrsets o
        WHERE o.zone_id = n.zone_id AND o.name = n.name AND o.type = 'CNAME' OFFSET 0) LIMIT 1;
    PERFORM gatepost.rrset_refuse_beside_cname(n.name, n.type, o.type)
    FROM new_rows n, LATERAL (
        SELECT o.type FROM gatepost.rrsets o
        WHERE o.zone_id = n.zone_id AND o.name = n.name AND o.type <> 'CNAME'
          AND gatepost.type_excludes('CNAME', o.type) LIMIT 1) o
    WHERE n.type = 'CNAME' LIMIT 1;
    INSERT INTO gatepost.history (who, via, zone_id, zone, name, type, action, new)
    SELECT gatepost.actor(), current_setting('application_name'), n.zone_id, z.name, n.name, n.type, 'insert',
           gatepost.rrset_to_json(n.ttl, n.rdata)
    FROM new_rows n, LATERAL (SELECT z.name FROM gatepost.zones z WHERE z.id = n.zone_id OFFSET 0) z;
    RETURN NULL;
END $$;

CREATE FUNCTION gatepost.rrsets_after_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    new_row gatepost.rrsets;
    old_row gatepost.rrsets;
    zone text;
    bad record;
BEGIN
    SELECT n.* INTO new_row FROM new_rows n;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT o.* INTO old_row FROM old_rows o;
    PERFORM FROM new_rows LIMIT 1 OFFSET 1;
    IF NOT FOUND AND new_row.zone_id = old_row.zone_id AND new_row.name = old_row.name
       AND new_row.type = old_row.type THEN
        UPDATE gatepost.zones z
        SET serial = gatepost.serial_next(z.serial), serial_xid = pg_current_xact_id(), updated_at = now()
        WHERE z.id = new_row.zone_id AND z.serial_xid <> pg_current_xact_id() RETURNING z.name INTO zone;
        IF NOT FOUND THEN
            SELECT z.name INTO zone FROM gatepost.zones z WHERE z.id = new_row.zone_id;
        END IF;
        -- The key has not changed, so neither names nor CNAMEs need a look.
        IF (new_row.ttl >= 0 AND gatepost.rdata_is_valid(new_row.type, new_row.rdata)) IS NOT TRUE THEN
            PERFORM gatepost.rrset_refuse(new_row.zone_id, zone, new_row.name, new_row.type, new_row.ttl,
                                          new_row.rdata);
        END IF;
        INSERT INTO gatepost.history (who, via, zone_id, zone, name, type, action, old, new)
        VALUES (gatepost.actor(), current_setting('application_name'), new_row.zone_id, zone, new_row.name,
                new_row.type, 'update', gatepost.rrset_to_json(old_row.ttl, old_row.rdata),
                gatepost.rrset_to_json(new_row.ttl, new_row.rdata));
        RETURN NULL;
    END IF;

    PERFORM gatepost.zones_bump(ARRAY(SELECT zone_id FROM new_rows UNION SELECT zone_id FROM old_rows));
    SELECT n.*, z.name AS zone INTO bad
    FROM new_rows n LEFT JOIN LATERAL (
        SELECT z.name FROM gatepost.zones z WHERE z.id = n.zone_id OFFSET 0) z ON true
    WHERE gatepost.rrset_is_valid(z.name, n.name, n.type, n.ttl, n.rdata) IS NOT TRUE LIMIT 1;
    IF FOUND THEN
        PERFORM gatepost.rrset_refuse(bad.zone_id, bad.zone, bad.name, bad.type, bad.ttl, bad.rdata);
    END IF;
    PERFORM gatepost.rrset_refuse_beside_cname(n.name, n.type, o.type)
    FROM (SELECT zone_id, name, type FROM new_rows EXCEPT SELECT zone_id, name, type FROM old_rows) n, LATERAL (
        SELECT o.type FROM gatepost.rrsets o
        WHERE o.zone_id = n.zone_id AND o.name = n.name AND o.type <> n.type
          AND gatepost.type_excludes(n.type, o.type) LIMIT 1) o LIMIT 1;
    -- A row whose key changed is a delete of the old and an insert of the new.
    INSERT INTO gatepost.history (who, via, zone_id, zone, name, type, action, old, new)
    SELECT gatepost.actor(), current_setting('application_name'), c.zone_id, z.name, c.name, c.type,
           CASE WHEN c.old_rdata IS NULL THEN 'insert' WHEN c.rdata IS NULL THEN 'delete' ELSE 'update' END,
           CASE WHEN c.old_rdata IS NOT NULL THEN gatepost.rrset_to_json(c.old_ttl, c.old_rdata) END,
           CASE WHEN c.rdata IS NOT NULL THEN gatepost.rrset_to_json(c.ttl, c.rdata) END
    FROM (SELECT zone_id, name, type, n.ttl, n.rdata, o.ttl AS old_ttl, o.rdata AS old_rdata
          FROM new_rows n FULL JOIN old_rows o USING (zone_id, name, type)
          OFFSET 0) c, LATERAL (SELECT z.name FROM gatepost.zones z WHERE z.id = c.zone_id OFFSET 0) z;
    RETURN NULL;
END $$;

-- Where the zone itself is being deleted, it is gone already, and 003 has written the history.
CREATE FUNCTION gatepost.rrsets_after_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    PERFORM gatepost.zones_bump(ARRAY(SELECT DISTINCT zone_id FROM old_rows));
    INSERT INTO gatepost.history (who, via, zone_id, zone, name, type, action, old)
    SELECT gatepost.actor(), current_setting('application_name'), o.zone_id, z.name, o.name, o.type, 'delete',
           gatepost.rrset_to_json(o.ttl, o.rdata)
    FROM old_rows o, LATERAL (SELECT z.name FROM gatepost.zones z WHERE z.id = o.zone_id OFFSET 0) z;
    RETURN NULL;
END $$;

CREATE TRIGGER rrsets_after_insert AFTER INSERT ON gatepost.rrsets
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.rrsets_after_insert();
CREATE TRIGGER rrsets_after_update AFTER UPDATE ON gatepost.rrsets
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.rrsets_after_update();
CREATE TRIGGER rrsets_after_delete AFTER DELETE ON gatepost.rrsets
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.rrsets_after_delete();
