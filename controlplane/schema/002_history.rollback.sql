DROP FUNCTION gatepost.actor();
DROP TABLE gatepost.history;
DROP FUNCTION gatepost.history_refuse_change();
