DROP TABLE gatepost.rrsets, gatepost.zones, gatepost.domains;
DROP FUNCTION gatepost.name_is_inside(text, text);
DROP FUNCTION gatepost.name_is_valid(text);
DROP FUNCTION gatepost.escaped_name_is_valid(text);
DROP FUNCTION gatepost.serial_is_newer(bigint, bigint);
DROP FUNCTION gatepost.serial_next(bigint);
