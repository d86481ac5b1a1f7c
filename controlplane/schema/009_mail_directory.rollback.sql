-- Only the views that 009 made, which say so.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['unified.apache_auth', 'unified.dovecot_users',
        'unified.dovecot_auth', 'unified.audit_log', 'unified.email_aliases',
        'unified.user_quotas', 'unified.user_roles', 'unified.user_passwords', 'unified.users',
        'dinomail.core_virtualalias', 'dinomail.core_virtualuser', 'dinomail.core_virtualdomain']
    LOOP
        IF obj_description(to_regclass(name), 'pg_class') LIKE 'Gatepost:%' THEN
            EXECUTE 'DROP VIEW ' || name;
        END IF;
    END LOOP;
    FOREACH name IN ARRAY ARRAY['unified', 'dinomail'] LOOP
        IF obj_description(to_regnamespace(name), 'pg_namespace') LIKE 'Gatepost:%'
           AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(name))
           AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = to_regnamespace(name)) THEN
            EXECUTE format('DROP SCHEMA %I', name);
        END IF;
    END LOOP;
END $$;
ALTER PUBLICATION gatepost DROP TABLE gatepost.mail_domains, gatepost.accounts,
    gatepost.credentials, gatepost.aliases, gatepost.filing_rules;
DROP FUNCTION gatepost.account_notify(text, gatepost.accounts, gatepost.accounts);
DROP FUNCTION gatepost.filing_rule_to_json(gatepost.filing_rules);
DROP FUNCTION gatepost.alias_to_json(gatepost.aliases);
DROP FUNCTION gatepost.credential_to_json(gatepost.credentials);
DROP FUNCTION gatepost.account_to_json(gatepost.accounts);
DROP FUNCTION gatepost.mail_domain_to_json(gatepost.mail_domains);
DROP FUNCTION gatepost.audit_first_broken();
DROP FUNCTION gatepost.mail_domain_for(text);
DROP FUNCTION gatepost.audit_digest(gatepost.audit_log);
DROP TABLE gatepost.audit_log;
DROP TABLE gatepost.filing_rules;
DROP TABLE gatepost.aliases;
DROP TABLE gatepost.credentials;
DROP TABLE gatepost.accounts;
DROP TABLE gatepost.mail_domains;
DROP FUNCTION gatepost.filing_rule_after_change();
DROP FUNCTION gatepost.alias_after_change();
DROP FUNCTION gatepost.credential_after_change();
DROP FUNCTION gatepost.account_after_change();
DROP FUNCTION gatepost.mail_domain_after_change();
DROP FUNCTION gatepost.alias_before_change();
DROP FUNCTION gatepost.credential_before_change();
DROP FUNCTION gatepost.account_before_change();
DROP FUNCTION gatepost.mail_domain_before_delete();
DROP FUNCTION gatepost.mail_domain_before_change();
DROP FUNCTION gatepost.audit_refuse_change();
DROP FUNCTION gatepost.audit_before_insert();
DROP FUNCTION gatepost.domain_of_address(text);
DROP FUNCTION gatepost.history_of_mail(text, text, text, text, jsonb, jsonb);
DROP FUNCTION gatepost.zone_of_host(text);
COMMENT ON COLUMN gatepost.history.type IS
    'SOA for the zone itself; CERTIFICATE, SERVICE_CERTIFICATE, REDIRECT for rows of those tables.';
