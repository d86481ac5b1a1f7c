-- What every statement on gatepost.rrsets does besides: it locks the zones it touches and moves their
-- serials once a transaction, refuses what breaks a rule of a zone, and writes the history.
--
-- The triggers are per statement, over transition tables, so that a million rows cost a few set
-- operations. Most statements write one row; those take a path of scalars, which halves their cost.
-- The zone's lock comes first, so that the look at other rows (CNAME) sees all that was committed
-- before, and nothing can be added behind its back.
--
-- SECURITY DEFINER: who may write RRsets needs no right to write zones or history. A session plans
-- each statement once, maybe while the tables are empty or the statement's rows are few. So the
-- settings and the LATERAL forms leave only plans that hold for any size: one look into an index a
-- row. The costs that the settings make up must not start the JIT compiler.

CREATE FUNCTION gatepost.rrset_to_json(ttl integer, rdata text[]) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('ttl', ttl, 'rdata', rdata);

-- Locks zones in the order of their ids, and moves the serial of those that this transaction has not
-- moved yet.
CREATE FUNCTION gatepost.zones_bump(zone_ids bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM gatepost.zones z
    WHERE z.id = ANY (zone_ids) AND z.serial_xid <> pg_current_xact_id()
    ORDER BY z.id FOR NO KEY UPDATE;
    UPDATE gatepost.zones z
    SET serial = gatepost.serial_next(z.serial), serial_xid = pg_current_xact_id(),
        updated_at = now()
    WHERE z.id = ANY (zone_ids) AND z.serial_xid <> pg_current_xact_id();
END $$;

CREATE FUNCTION gatepost.rrsets_after_insert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    r gatepost.rrsets;
    zone text;
BEGIN
    SELECT n.* INTO r FROM new_rows n;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM FROM new_rows LIMIT 1 OFFSET 1;
    IF NOT FOUND THEN
        UPDATE gatepost.zones z
        SET serial = gatepost.serial_next(z.serial), serial_xid = pg_current_xact_id(),
            updated_at = now()
        WHERE z.id = r.zone_id AND z.serial_xid <> pg_current_xact_id()
        RETURNING z.name INTO zone;
        IF NOT FOUND THEN
            SELECT z.name INTO zone FROM gatepost.zones z WHERE z.id = r.zone_id;
        END IF;
        IF gatepost.rrset_is_valid(zone, r.name, r.type, r.ttl, r.rdata) IS NOT TRUE THEN
            PERFORM gatepost.rrset_refuse(zone, r);
        END IF;
        PERFORM gatepost.rrset_refuse_beside_cname(o.name, r.type, o.type)
        FROM gatepost.rrsets o
        WHERE o.zone_id = r.zone_id AND o.name = r.name AND o.type <> r.type
          AND gatepost.type_excludes(r.type, o.type) LIMIT 1;
        INSERT INTO gatepost.history (zone_id, zone, name, type, action, new)
        VALUES (r.zone_id, zone, r.name, r.type, 'insert', gatepost.rrset_to_json(r.ttl, r.rdata));
        RETURN NULL;
    END IF;

    PERFORM gatepost.zones_bump(ARRAY(SELECT DISTINCT zone_id FROM new_rows));
    PERFORM gatepost.rrset_refuse(z.name, ROW(n.*)::gatepost.rrsets)
    FROM new_rows n LEFT JOIN LATERAL (
        SELECT z.name FROM gatepost.zones z WHERE z.id = n.zone_id OFFSET 0) z ON true
    WHERE gatepost.rrset_is_valid(z.name, n.name, n.type, n.ttl, n.rdata) IS NOT TRUE LIMIT 1;
    PERFORM gatepost.rrset_refuse_beside_cname(n.name, n.type, 'CNAME') FROM new_rows n
    WHERE n.type <> 'CNAME' AND gatepost.type_excludes(n.type, 'CNAME') AND EXISTS (
        SELECT FROM gatepost.rrsets o
        WHERE o.zone_id = n.zone_id AND o.name = n.name AND o.type = 'CNAME' OFFSET 0) LIMIT 1;
    PERFORM gatepost.rrset_refuse_beside_cname(n.name, n.type, o.type)
    FROM new_rows n, LATERAL (
        SELECT o.type FROM gatepost.rrsets o
        WHERE o.zone_id = n.zone_id AND o.name = n.name AND o.type <> 'CNAME'
          AND gatepost.type_excludes('CNAME', o.type) LIMIT 1) o
    WHERE n.type = 'CNAME' LIMIT 1;
    INSERT INTO gatepost.history (zone_id, zone, name, type, action, new)
    SELECT n.zone_id, z.name, n.name, n.type, 'insert', gatepost.rrset_to_json(n.ttl, n.rdata)
    FROM new_rows n, LATERAL (
        SELECT z.name FROM gatepost.zones z WHERE z.id = n.zone_id OFFSET 0) z;
    RETURN NULL;
END $$;

CREATE FUNCTION gatepost.rrsets_after_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    r gatepost.rrsets;
    was gatepost.rrsets;
    zone text;
BEGIN
    SELECT n.* INTO r FROM new_rows n;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT o.* INTO was FROM old_rows o;
    PERFORM FROM new_rows LIMIT 1 OFFSET 1;
    IF NOT FOUND AND r.zone_id = was.zone_id AND r.name = was.name AND r.type = was.type THEN
        UPDATE gatepost.zones z
        SET serial = gatepost.serial_next(z.serial), serial_xid = pg_current_xact_id(),
            updated_at = now()
        WHERE z.id = r.zone_id AND z.serial_xid <> pg_current_xact_id()
        RETURNING z.name INTO zone;
        IF NOT FOUND THEN
            SELECT z.name INTO zone FROM gatepost.zones z WHERE z.id = r.zone_id;
        END IF;
        -- The key has not changed, so neither names nor CNAMEs need a look.
        IF (r.ttl >= 0 AND gatepost.rdata_is_valid(r.type, r.rdata)) IS NOT TRUE THEN
            PERFORM gatepost.rrset_refuse(zone, r);
        END IF;
        INSERT INTO gatepost.history (zone_id, zone, name, type, action, old, new)
        VALUES (r.zone_id, zone, r.name, r.type, 'update',
                gatepost.rrset_to_json(was.ttl, was.rdata), gatepost.rrset_to_json(r.ttl, r.rdata));
        RETURN NULL;
    END IF;

    PERFORM gatepost.zones_bump(ARRAY(
        SELECT zone_id FROM new_rows UNION SELECT zone_id FROM old_rows));
    PERFORM gatepost.rrset_refuse(z.name, ROW(n.*)::gatepost.rrsets)
    FROM new_rows n LEFT JOIN LATERAL (
        SELECT z.name FROM gatepost.zones z WHERE z.id = n.zone_id OFFSET 0) z ON true
    WHERE gatepost.rrset_is_valid(z.name, n.name, n.type, n.ttl, n.rdata) IS NOT TRUE LIMIT 1;
    PERFORM gatepost.rrset_refuse_beside_cname(n.name, n.type, o.type)
    FROM (SELECT zone_id, name, type FROM new_rows
          EXCEPT SELECT zone_id, name, type FROM old_rows) n, LATERAL (
        SELECT o.type FROM gatepost.rrsets o
        WHERE o.zone_id = n.zone_id AND o.name = n.name AND o.type <> n.type
          AND gatepost.type_excludes(n.type, o.type) LIMIT 1) o LIMIT 1;
    -- A row whose key changed is a delete of the old and an insert of the new.
    INSERT INTO gatepost.history (zone_id, zone, name, type, action, old, new)
    SELECT c.zone_id, z.name, c.name, c.type,
           CASE WHEN c.old_rdata IS NULL THEN 'insert' WHEN c.rdata IS NULL THEN 'delete'
                ELSE 'update' END,
           CASE WHEN c.old_rdata IS NOT NULL THEN
               gatepost.rrset_to_json(c.old_ttl, c.old_rdata) END,
           CASE WHEN c.rdata IS NOT NULL THEN gatepost.rrset_to_json(c.ttl, c.rdata) END
    FROM (SELECT zone_id, name, type, n.ttl, n.rdata, o.ttl AS old_ttl, o.rdata AS old_rdata
          FROM new_rows n FULL JOIN old_rows o USING (zone_id, name, type) OFFSET 0) c, LATERAL (
        SELECT z.name FROM gatepost.zones z WHERE z.id = c.zone_id OFFSET 0) z;
    RETURN NULL;
END $$;

-- Where the zone itself is being deleted, it is gone already, and 003 has written the history.
CREATE FUNCTION gatepost.rrsets_after_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    PERFORM gatepost.zones_bump(ARRAY(SELECT DISTINCT zone_id FROM old_rows));
    INSERT INTO gatepost.history (zone_id, zone, name, type, action, old)
    SELECT o.zone_id, z.name, o.name, o.type, 'delete', gatepost.rrset_to_json(o.ttl, o.rdata)
    FROM old_rows o, LATERAL (
        SELECT z.name FROM gatepost.zones z WHERE z.id = o.zone_id OFFSET 0) z;
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
