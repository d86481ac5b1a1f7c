ALTER PUBLICATION gatepost DROP TABLE gatepost.credentials;
ALTER PUBLICATION gatepost ADD TABLE
    gatepost.credentials (id, account_id, kind, services, label, hash, expires_at);
ALTER FUNCTION gatepost.note_logins SET search_path = pg_catalog, pg_temp;
DROP TRIGGER credential_count_generation ON gatepost.credentials;
DROP FUNCTION gatepost.credential_count_generation();
ALTER TABLE gatepost.credentials DROP COLUMN generation;
COMMENT ON COLUMN gatepost.mail_domains.short_display_name IS NULL;
COMMENT ON COLUMN gatepost.mail_domains.display_name IS NULL;
COMMENT ON COLUMN gatepost.mail_domains.imap_host IS
    'For mail programs that ask for their settings; so are pop_host and smtp_host. Empty: by rule.';
DROP TRIGGER mail_domain_check_names ON gatepost.mail_domains;
DROP FUNCTION gatepost.mail_domain_check_names();
