DROP TABLE gatepost.history;
DROP FUNCTION gatepost.history_refuse_change();
DROP FUNCTION gatepost.actor();
