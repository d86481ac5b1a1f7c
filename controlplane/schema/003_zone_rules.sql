-- What happens when a zone's own row changes: its rules, its serial, its history.
--
-- The trigger functions are SECURITY DEFINER: who may write zones needs no right to write history.

CREATE FUNCTION gatepost.zone_check(zone gatepost.zones) RETURNS void
    LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF NOT gatepost.name_is_valid(zone.name) THEN
        RAISE EXCEPTION 'zone name "%" is not a domain name in canonical form', zone.name
            USING HINT = 'Write it absolute and in lower case, such as "example.org.".';
    ELSIF NOT gatepost.name_is_valid(lower(zone.mname)) THEN
        RAISE EXCEPTION 'zone %: mname "%" is not a domain name in canonical form',
            zone.name, zone.mname
            USING HINT = 'The primary name server, absolute, such as "ns1.example.org.".';
    ELSIF NOT gatepost.name_is_valid(lower(zone.rname)) THEN
        RAISE EXCEPTION 'zone %: rname "%" is not a domain name in canonical form',
            zone.name, zone.rname
            USING HINT = 'The address of the person responsible with a dot for its @, absolute, '
                         'such as "hostmaster.example.org.".';
    ELSIF zone.serial NOT BETWEEN 0 AND 4294967295 THEN
        RAISE EXCEPTION 'zone %: serial % is outside 0 to 4294967295', zone.name, zone.serial;
    ELSIF least(zone.refresh, zone.retry, zone.expire, zone.minimum, zone.soa_ttl,
                zone.default_ttl) < 0 THEN
        RAISE EXCEPTION 'zone %: refresh %, retry %, expire %, minimum %, soa_ttl %, default_ttl %: '
                        'seconds cannot be negative', zone.name, zone.refresh, zone.retry,
                        zone.expire, zone.minimum, zone.soa_ttl, zone.default_ttl;
    END IF;
END $$;

CREATE FUNCTION gatepost.zone_to_json(zone gatepost.zones) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('mname', zone.mname, 'rname', zone.rname, 'serial', zone.serial,
        'refresh', zone.refresh, 'retry', zone.retry, 'expire', zone.expire,
        'minimum', zone.minimum, 'soa_ttl', zone.soa_ttl, 'default_ttl', zone.default_ttl);

CREATE FUNCTION gatepost.zone_before_insert() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM gatepost.zone_check(NEW);
    NEW.serial_xid := pg_current_xact_id();
    RETURN NEW;
END $$;

CREATE FUNCTION gatepost.zone_before_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    soa_changed boolean :=
        (NEW.mname, NEW.rname, NEW.refresh, NEW.retry, NEW.expire, NEW.minimum, NEW.soa_ttl)
        IS DISTINCT FROM
        (OLD.mname, OLD.rname, OLD.refresh, OLD.retry, OLD.expire, OLD.minimum, OLD.soa_ttl);
BEGIN
    PERFORM gatepost.zone_check(NEW);
    IF NEW.name <> OLD.name OR NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'zone % cannot be renamed to %, or get another id', OLD.name, NEW.name
            USING HINT = 'Export it, and import it under the new name.';
    END IF;
    IF NEW.serial <> OLD.serial THEN
        IF NOT gatepost.serial_is_newer(NEW.serial, OLD.serial) THEN
            RAISE EXCEPTION 'zone %: serial % is not newer than % (RFC 1982)',
                NEW.name, NEW.serial, OLD.serial
                USING HINT = 'Secondary servers would not take it. Leave the serial alone: it '
                             'moves by itself.';
        END IF;
        NEW.serial_xid := pg_current_xact_id();
    ELSIF soa_changed AND OLD.serial_xid <> pg_current_xact_id() THEN
        NEW.serial := gatepost.serial_next(OLD.serial);
        NEW.serial_xid := pg_current_xact_id();
    END IF;
    NEW.updated_at := now();
    IF soa_changed OR NEW.serial <> OLD.serial OR NEW.default_ttl <> OLD.default_ttl THEN
        INSERT INTO gatepost.history (zone_id, zone, name, type, action, old, new)
        VALUES (OLD.id, OLD.name, OLD.name, 'SOA', 'update',
                gatepost.zone_to_json(OLD), gatepost.zone_to_json(NEW));
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER zone_before_insert BEFORE INSERT ON gatepost.zones
    FOR EACH ROW EXECUTE FUNCTION gatepost.zone_before_insert();
-- The serial moves once a transaction when the SOA changes, unless the writer gives a newer one. The
-- bump that 005 makes for RRsets sets serial_xid itself and does not come here: it is no entry of
-- the history, for the changes that cause it are. The condition is short because every bump parses it.
CREATE TRIGGER zone_before_update BEFORE UPDATE ON gatepost.zones
    FOR EACH ROW WHEN (NEW.serial_xid = OLD.serial_xid)
    EXECUTE FUNCTION gatepost.zone_before_update();

CREATE FUNCTION gatepost.zone_after_insert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO gatepost.history (zone_id, zone, name, type, action, new)
    SELECT n.id, n.name, n.name, 'SOA', 'insert', gatepost.zone_to_json(ROW(n.*)::gatepost.zones)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER zone_after_insert AFTER INSERT ON gatepost.zones
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.zone_after_insert();

-- ON DELETE CASCADE to the RRsets. Their history is written here, because the trigger on them (005)
-- leaves out those whose zone is gone: it could not name it. The settings are those of 005, for its
-- reason.
CREATE FUNCTION gatepost.zone_after_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    gone_zone record;
BEGIN
    INSERT INTO gatepost.history (zone_id, zone, name, type, action, old)
    SELECT o.id, o.name, o.name, 'SOA', 'delete', gatepost.zone_to_json(ROW(o.*)::gatepost.zones)
    FROM old_rows o;
    FOR gone_zone IN SELECT id, name FROM old_rows LOOP
        WITH gone AS (
            DELETE FROM gatepost.rrsets r WHERE r.zone_id = gone_zone.id RETURNING r.*)
        INSERT INTO gatepost.history (zone_id, zone, name, type, action, old)
        SELECT zone_id, gone_zone.name, name, type, 'delete',
               jsonb_build_object('ttl', ttl, 'rdata', rdata)
        FROM gone;
    END LOOP;
    RETURN NULL;
END $$;

CREATE TRIGGER zone_after_delete AFTER DELETE ON gatepost.zones
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.zone_after_delete();

CREATE FUNCTION gatepost.refuse_truncate() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of gatepost.% is refused: it would leave no history and no new serial',
        TG_TABLE_NAME USING HINT = 'Use DELETE.';
END $$;

CREATE TRIGGER zones_refuse_truncate BEFORE TRUNCATE ON gatepost.zones
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
CREATE TRIGGER rrsets_refuse_truncate BEFORE TRUNCATE ON gatepost.rrsets
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
