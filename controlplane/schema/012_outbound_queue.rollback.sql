DROP INDEX gatepost.outbound_lease_id;
DROP TRIGGER outbound_before_insert ON gatepost.outbound;
DROP FUNCTION gatepost.outbound_before_insert;
DROP TABLE gatepost.outbound_settings;
