DROP PUBLICATION gatepost;
DROP VIEW gatepost.records;
