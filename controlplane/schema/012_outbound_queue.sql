-- What becomes of mail for other systems as it comes, and the leases of those who fetch it.

CREATE TABLE gatepost.outbound_settings (
    is_only       boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    auto_release  boolean NOT NULL DEFAULT false
);
INSERT INTO gatepost.outbound_settings DEFAULT VALUES;
COMMENT ON TABLE gatepost.outbound_settings IS 'One row: settings of gatepost.outbound.';
COMMENT ON COLUMN gatepost.outbound_settings.auto_release IS
    'Whether mail that comes is ready at once, instead of held until somebody releases it.';

-- SECURITY DEFINER: whoever adds mail needs no right to read the settings.
CREATE FUNCTION gatepost.outbound_before_insert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.state = 'held' AND (SELECT s.auto_release FROM gatepost.outbound_settings s) THEN
        NEW.state := 'ready';
        NEW.held_reason := '';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outbound_before_insert BEFORE INSERT ON gatepost.outbound
    FOR EACH ROW EXECUTE FUNCTION gatepost.outbound_before_insert();

CREATE INDEX outbound_lease_id ON gatepost.outbound (lease_id) WHERE lease_id IS NOT NULL;
