DROP TRIGGER rrsets_after_delete ON gatepost.rrsets;
DROP TRIGGER rrsets_after_update ON gatepost.rrsets;
DROP TRIGGER rrsets_after_insert ON gatepost.rrsets;
DROP FUNCTION gatepost.rrsets_after_delete();
DROP FUNCTION gatepost.rrsets_after_update();
DROP FUNCTION gatepost.rrsets_after_insert();
DROP FUNCTION gatepost.zones_bump(bigint[]);
DROP FUNCTION gatepost.rrset_to_json(integer, text[]);
