-- Only the views that 008 made, which say so.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['certificates', 'service_certificates', 'certificate_status'] LOOP
        IF obj_description(to_regclass('unified.' || name), 'pg_class') LIKE 'Gatepost:%' THEN
            EXECUTE format('DROP VIEW unified.%I', name);
        END IF;
    END LOOP;
    IF obj_description(to_regnamespace('unified'), 'pg_namespace') LIKE 'Gatepost:%'
       AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('unified'))
       AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = to_regnamespace('unified')) THEN
        DROP SCHEMA unified;
    END IF;
END $$;
ALTER PUBLICATION gatepost DROP TABLE gatepost.certificates, gatepost.service_certificates,
    gatepost.redirects, gatepost.acme_challenges;
DROP VIEW gatepost.certificate_status;
DROP VIEW gatepost.certificate_use;
DROP FUNCTION gatepost.certificate_to_json(gatepost.certificates);
DROP TABLE gatepost.acme_challenges;
DROP TABLE gatepost.redirects;
DROP TABLE gatepost.service_certificates;
DROP TABLE gatepost.certificates;
DROP FUNCTION gatepost.redirect_after_change();
DROP FUNCTION gatepost.service_certificate_after_change();
DROP FUNCTION gatepost.certificate_after_change();
DROP FUNCTION gatepost.certificate_before_update();
DROP FUNCTION gatepost.certificate_notify(text, bigint, text, text, text);
DROP FUNCTION gatepost.history_of_host(text, text, text, jsonb, jsonb);
DROP FUNCTION gatepost.host_is_valid(text);
COMMENT ON COLUMN gatepost.history.zone_id IS NULL;
COMMENT ON COLUMN gatepost.history.type IS 'SOA for the zone itself.';
