ALTER PUBLICATION gatepost DROP TABLE gatepost.filter_rules, gatepost.filter_settings,
    gatepost.policy_rules, gatepost.dns_lists, gatepost.policy_exemptions;
DROP FUNCTION gatepost.count_filter_hits;
DROP TABLE gatepost.policy_exemptions;
DROP TABLE gatepost.dns_lists;
DROP TABLE gatepost.policy_rule_hits;
DROP TABLE gatepost.policy_rules;
DROP TABLE gatepost.filter_rule_hits;
DROP TABLE gatepost.filter_settings;
DROP TABLE gatepost.filter_rules;
DROP FUNCTION gatepost.mail_rule_after_change;
