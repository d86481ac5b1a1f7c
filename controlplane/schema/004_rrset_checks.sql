-- The rules of an RRset as functions: …_is_valid says whether, …_refuse says why not. What is checked
-- here cannot be repaired later or costs next to nothing; the control plane checks all data in full.
-- The SQL functions are taken into the statements that use them, and so cost no call.

-- The types of storage/zone/rrtype.cc by name, and TYPEnnn for those without one; none that only
-- messages carry (RFC 6895 §3.1), and not SOA, which is the zone's row.
CREATE FUNCTION gatepost.type_is_valid(type text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN type IN (
            'A', 'NS', 'CNAME', 'MB', 'MG', 'MR', 'PTR', 'HINFO', 'MINFO', 'MX', 'TXT', 'RP', 'AFSDB',
            'X25', 'RT', 'KEY', 'AAAA', 'LOC', 'SRV', 'NAPTR', 'KX', 'CERT', 'DNAME', 'APL', 'DS',
            'SSHFP', 'RRSIG', 'NSEC', 'DNSKEY', 'DHCID', 'NSEC3', 'NSEC3PARAM', 'TLSA', 'SMIMEA',
            'CDS', 'CDNSKEY', 'OPENPGPKEY', 'CSYNC', 'ZONEMD', 'SVCB', 'HTTPS', 'SPF', 'L32', 'LP',
            'EUI48', 'EUI64', 'URI', 'CAA', 'DLV')
        OR CASE WHEN type ~ '^TYPE[1-9][0-9]{0,4}$' THEN
               substr(type, 5)::integer <= 65535
               AND substr(type, 5)::integer NOT BETWEEN 128 AND 255
               AND substr(type, 5)::integer NOT IN (
                   1, 2, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 21, 25, 28, 29, 33, 35, 36,
                   37, 39, 41, 42, 43, 44, 46, 47, 48, 49, 50, 51, 52, 53, 59, 60, 61, 62, 63, 64, 65,
                   99, 105, 107, 108, 109, 256, 257, 32769)
           ELSE false END;

-- A CNAME stands alone at its name, but for RRSIG, NSEC and KEY (RFC 1034 §3.6.2, RFC 2181 §10.1,
-- RFC 4034 §2.5).
CREATE FUNCTION gatepost.type_excludes(type text, other text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN type = 'CNAME' THEN other NOT IN ('RRSIG', 'NSEC', 'KEY')
                ELSE other = 'CNAME' AND type NOT IN ('RRSIG', 'NSEC', 'KEY') END;

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
            IF NOT (CASE type WHEN 'A' THEN gatepost.ipv4_is_valid(value)
                              ELSE gatepost.ipv6_is_valid(value) END) THEN
                RETURN false;
            END IF;
        END LOOP;
    END IF;
    RETURN cardinality(rdata) = 1
        OR cardinality(rdata) = (SELECT count(DISTINCT v) FROM unnest(rdata) v);
END $$;

-- One value of most types needs no loop.
CREATE FUNCTION gatepost.rdata_is_valid(type text, rdata text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN cardinality(rdata) = 1 AND type <> 'AAAA' THEN
            array_lower(rdata, 1) = 1 AND array_ndims(rdata) = 1
            AND rdata[1] <> '' AND (type <> 'A' OR gatepost.ipv4_is_valid(rdata[1]))
        ELSE gatepost.rdata_list_is_valid(type, rdata)
    END;

-- `zone` is NULL where there is no such zone.
CREATE FUNCTION gatepost.rrset_is_valid(zone text, name text, type text, ttl integer, rdata text[])
    RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN zone IS NOT NULL AND gatepost.name_is_valid(name) AND gatepost.name_is_inside(name, zone)
       AND gatepost.type_is_valid(type) AND ttl >= 0 AND gatepost.rdata_is_valid(type, rdata)
       AND (type <> 'CNAME' OR name <> zone);

-- Raises what rdata_is_valid found; `what` names the RRset.
CREATE FUNCTION gatepost.rdata_refuse(what text, type text, rdata text[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    value text;
BEGIN
    IF coalesce(cardinality(rdata), 0) = 0 THEN
        RAISE EXCEPTION '%: an RRset needs at least one value', what
            USING HINT = 'DELETE the row to remove the RRset.';
    ELSIF array_ndims(rdata) <> 1 OR array_lower(rdata, 1) <> 1
          OR array_position(rdata, NULL) IS NOT NULL OR array_position(rdata, '') IS NOT NULL THEN
        RAISE EXCEPTION '%: the values are not a plain list of texts: %', what, rdata
            USING HINT = 'One element a record, none NULL or empty, such as '
                         'ARRAY[''10 mx.example.org.''].';
    ELSIF type IN ('CNAME', 'DNAME') AND cardinality(rdata) > 1 THEN
        RAISE EXCEPTION '%: % values, and a name has at most one %', what, cardinality(rdata), type
            USING HINT = 'Keep one of them (RFC 2181 §10.1, RFC 6672 §2.4).';
    END IF;
    FOREACH value IN ARRAY rdata LOOP
        IF type = 'A' AND NOT gatepost.ipv4_is_valid(value) THEN
            RAISE EXCEPTION '%: "%" is not an IPv4 address', what, value
                USING HINT = 'Four numbers without a mask, such as 192.0.2.1; IPv6 addresses go '
                             'into AAAA.';
        ELSIF type = 'AAAA' AND NOT gatepost.ipv6_is_valid(value) THEN
            RAISE EXCEPTION '%: "%" is not an IPv6 address', what, value
                USING HINT = 'Without a mask, such as 2001:db8::1; IPv4 addresses go into A.';
        END IF;
    END LOOP;
    RAISE EXCEPTION '%: a value stands twice in %', what, rdata
        USING HINT = 'The records of an RRset differ from one another (RFC 2181 §5).';
END $$;

-- Raises what rrset_is_valid found.
CREATE FUNCTION gatepost.rrset_refuse(zone text, rrset gatepost.rrsets) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    what text := format('%s %s', rrset.name, rrset.type);
    suffix text := ltrim(zone, '.');
BEGIN
    IF zone IS NULL THEN
        RAISE EXCEPTION '%: there is no zone with id %', what, rrset.zone_id
            USING ERRCODE = 'foreign_key_violation',
                  HINT = 'Create the zone first; SELECT id, name FROM gatepost.zones shows what '
                         'there is.';
    ELSIF NOT gatepost.name_is_valid(rrset.name) THEN
        RAISE EXCEPTION '%: the owner name is not a domain name in canonical form', what
            USING HINT = format('Write it absolute and in lower case, such as "www.%s".', suffix);
    ELSIF NOT gatepost.name_is_inside(rrset.name, zone) THEN
        RAISE EXCEPTION '%: the owner name is outside zone %', what, zone
            USING HINT = format('Names of this zone are "%s" or end in ".%s".', zone, suffix);
    ELSIF rrset.type IN ('SOA', 'TYPE6') THEN
        RAISE EXCEPTION '%: the SOA record is the row of the zone, not an RRset', what
            USING HINT = 'UPDATE gatepost.zones SET mname = …, refresh = … instead.';
    ELSIF NOT gatepost.type_is_valid(rrset.type) THEN
        RAISE EXCEPTION '%: % is no record type that a zone can hold', what, rrset.type
            USING HINT = 'Use a name such as A or MX in upper case, or TYPEnnn for a type without '
                         'a name (RFC 3597).';
    ELSIF rrset.ttl < 0 THEN
        RAISE EXCEPTION '%: the TTL % is outside 0 to 2147483647 seconds (RFC 2181 §8)',
            what, rrset.ttl;
    ELSIF rrset.type = 'CNAME' AND rrset.name = zone THEN
        RAISE EXCEPTION '%: the zone''s own name holds SOA and NS records, so it cannot be an alias',
            what USING HINT = 'Give it A and AAAA records.';
    END IF;
    PERFORM gatepost.rdata_refuse(what, rrset.type, rrset.rdata);
END $$;

CREATE FUNCTION gatepost.rrset_refuse_beside_cname(name text, type text, other text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% %: the name has % records, and a CNAME stands alone at its name '
                    '(RFC 1034 §3.6.2)', name, type, other
        USING HINT = CASE type
            WHEN 'CNAME' THEN 'Remove the other records of the name first.'
            ELSE 'Remove the CNAME first, or add the record at the name it points to.' END;
END $$;
