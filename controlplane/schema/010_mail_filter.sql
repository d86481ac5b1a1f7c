-- What mail is taken: rules about what is in a message, and rules about who sends it and how. Every
-- change of them is in the audit log. Counters are in tables of their own, which are not published:
-- a hit is not sent to the edges.

CREATE TABLE gatepost.filter_rules (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text COLLATE "C" NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    field           text COLLATE "C" NOT NULL CHECK (field IN
                        ('header', 'subject', 'from', 'to', 'any_header', 'body', 'envelope_from',
                         'envelope_to', 'helo', 'client', 'attachment_name', 'raw')),
    -- RFC 5322 §2.2: a field's name.
    header_name     text COLLATE "C" CHECK (header_name ~ '^[!-9;-~]{1,100}$'),
    kind            text COLLATE "C" NOT NULL DEFAULT 'contains'
                    CHECK (kind IN ('contains', 'regex', 'equals')),
    pattern         text NOT NULL CHECK (octet_length(pattern) BETWEEN 1 AND 1000),
    case_sensitive  boolean NOT NULL DEFAULT false,
    action          text COLLATE "C" NOT NULL DEFAULT 'score'
                    CHECK (action IN ('score', 'reject', 'junk', 'discard', 'tag')),
    score           integer NOT NULL DEFAULT 0 CHECK (score BETWEEN -10000 AND 10000),
    folder          text CHECK (octet_length(folder) BETWEEN 1 AND 512
                                AND folder !~ '[\x01-\x1f\x7f]'),
    mode            text COLLATE "C" NOT NULL DEFAULT 'enforce' CHECK (mode IN ('enforce', 'monitor')),
    active          boolean NOT NULL DEFAULT true,
    position        integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    created_by      text NOT NULL DEFAULT gatepost.actor(),
    CONSTRAINT filter_rules_header CHECK ((field = 'header') = (header_name IS NOT NULL)),
    -- The end of a body is not a place that a whole value can be compared with.
    CONSTRAINT filter_rules_equals CHECK (kind <> 'equals' OR field NOT IN ('body', 'raw'))
);
COMMENT ON TABLE gatepost.filter_rules IS
    'Rules about what is in a message, for the mail of everybody; hits are in gatepost.filter_rule_hits.';
COMMENT ON COLUMN gatepost.filter_rules.name IS 'As the log, a message''s header and counters show it.';
COMMENT ON COLUMN gatepost.filter_rules.field IS
    'Where it looks. Header fields are unfolded and their encoded words decoded (RFC 2047); body: text '
    'parts with their transfer encoding taken off; raw: the message as it was sent; client: the address '
    'of the host that sent it.';
COMMENT ON COLUMN gatepost.filter_rules.pattern IS
    'UTF-8. A regular expression is in the syntax of PCRE, without back references and look-around.';
COMMENT ON COLUMN gatepost.filter_rules.action IS
    'score: adds `score`; reject: the sender is refused with 550; junk: into the mailbox for junk; '
    'discard: accepted, and goes nowhere; tag: the rule is named in the message''s header, no more.';
COMMENT ON COLUMN gatepost.filter_rules.folder IS
    'The mailbox that a message goes into; of several rules the one of the lowest position counts.';
COMMENT ON COLUMN gatepost.filter_rules.mode IS 'monitor: hits are counted and named, nothing is done.';

CREATE TABLE gatepost.filter_settings (
    only_row      boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    junk_score    integer DEFAULT 5 CHECK (junk_score > 0),
    reject_score  integer DEFAULT 15 CHECK (reject_score > 0)
);
COMMENT ON TABLE gatepost.filter_settings IS 'What the scores of filter rules together lead to: one row.';
COMMENT ON COLUMN gatepost.filter_settings.junk_score IS
    'A message of this score or more goes into the mailbox for junk; NULL: none does.';
COMMENT ON COLUMN gatepost.filter_settings.reject_score IS
    'A message of this score or more is refused; NULL: none is.';
INSERT INTO gatepost.filter_settings DEFAULT VALUES;

CREATE TABLE gatepost.filter_rule_hits (
    rule_id      bigint PRIMARY KEY REFERENCES gatepost.filter_rules ON DELETE CASCADE,
    hits         bigint NOT NULL DEFAULT 0 CHECK (hits >= 0),
    last_hit_at  timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);  -- counted in place
COMMENT ON TABLE gatepost.filter_rule_hits IS
    'Messages that each filter rule matched; rules that never did have no row.';

-- Counts a hit for each element. Rows are locked in the order of their ids.
CREATE FUNCTION gatepost.count_filter_hits(names text[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO gatepost.filter_rule_hits AS h (rule_id, hits)
    SELECT r.id, count(*)
    FROM unnest(names) AS hit (name) JOIN gatepost.filter_rules r ON r.name = hit.name
    GROUP BY r.id ORDER BY r.id
    ON CONFLICT (rule_id) DO UPDATE SET hits = h.hits + excluded.hits, last_hit_at = now();
END;
REVOKE ALL ON FUNCTION gatepost.count_filter_hits FROM PUBLIC;

CREATE TABLE gatepost.policy_rules (
    name      text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,63}$'),
    mode      text COLLATE "C" NOT NULL CHECK (mode IN ('off', 'monitor', 'enforce')),
    settings  jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'
                                                 AND octet_length(settings::text) <= 4000)
);
COMMENT ON TABLE gatepost.policy_rules IS
    'Rules about who sends mail and how. Each is built in: a row sets it, and no row makes another; '
    'hits are in gatepost.policy_rule_hits.';
COMMENT ON COLUMN gatepost.policy_rules.mode IS 'monitor: hits are counted and logged, nothing is refused.';
COMMENT ON COLUMN gatepost.policy_rules.settings IS 'Those that are left out have their defaults.';
INSERT INTO gatepost.policy_rules (name, mode) VALUES
    ('unknown_recipient', 'enforce'),
    ('relay_denied', 'enforce'),
    ('early_talker', 'enforce'),
    ('unauthorized_pipelining', 'enforce'),
    ('helo_syntax', 'monitor'),
    ('helo_resolves', 'monitor'),
    ('reverse_dns', 'monitor'),
    ('forward_confirmed_reverse_dns', 'monitor'),
    ('dns_list', 'monitor'),
    ('sender_domain_resolves', 'monitor'),
    ('greylist', 'off'),
    ('rate_limit_address', 'enforce'),
    ('rate_limit_network', 'enforce'),
    ('rate_limit_account', 'enforce'),
    ('recipient_rate', 'enforce'),
    ('auth_penalty', 'enforce'),
    ('sender_identity', 'enforce'),
    ('header_from', 'monitor');

CREATE TABLE gatepost.policy_rule_hits (
    name         text COLLATE "C" PRIMARY KEY REFERENCES gatepost.policy_rules
                 ON UPDATE CASCADE ON DELETE CASCADE,
    hits         bigint NOT NULL DEFAULT 0 CHECK (hits >= 0),
    monitored    bigint NOT NULL DEFAULT 0 CHECK (monitored >= 0),
    last_hit_at  timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);  -- counted in place
COMMENT ON TABLE gatepost.policy_rule_hits IS
    'How often each policy rule refused something, and would have in mode "enforce".';

CREATE TABLE gatepost.dns_lists (
    zone    text COLLATE "C" PRIMARY KEY CHECK (gatepost.host_is_valid(zone) AND zone NOT LIKE '*%'),
    kind    text COLLATE "C" NOT NULL DEFAULT 'address' CHECK (kind IN ('address', 'domain')),
    mode    text COLLATE "C" NOT NULL DEFAULT 'monitor' CHECK (mode IN ('off', 'monitor', 'enforce')),
    -- RFC 5782 §2.1: an entry's value is in 127.0.0.0/8.
    codes   text[] COLLATE "C" NOT NULL DEFAULT '{}'
            CHECK (cardinality(codes) <= 64
                   AND array_to_string(codes, ' ') ~ '^(127(\.[0-9]{1,3}){3}(/[0-9]{1,2})?( |$))*$'),
    score   integer NOT NULL DEFAULT 1 CHECK (score BETWEEN -100 AND 100),
    active  boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE gatepost.dns_lists IS 'Lists of addresses and domains that are asked by DNS (RFC 5782).';
COMMENT ON COLUMN gatepost.dns_lists.kind IS
    'address: of the client; domain: of the client''s name, the greeting and the sender.';
COMMENT ON COLUMN gatepost.dns_lists.codes IS 'Answers that count, "127.0.0.2" or "127.0.0.0/28"; none: all.';
COMMENT ON COLUMN gatepost.dns_lists.score IS
    'Lists that have an entry add up; a negative one is a list of the welcome.';

CREATE TABLE gatepost.policy_exemptions (
    network     cidr PRIMARY KEY,
    comment     text NOT NULL DEFAULT '' CHECK (octet_length(comment) <= 512),
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  text NOT NULL DEFAULT gatepost.actor()
);
COMMENT ON TABLE gatepost.policy_exemptions IS
    'Networks whose hosts are not asked who they are, listed, delayed or slowed down.';

-- The arguments: the service, and the column that names a row.
CREATE FUNCTION gatepost.mail_rule_after_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - 'id' END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - 'id' END;
BEGIN
    IF was IS DISTINCT FROM became THEN
        INSERT INTO gatepost.audit_log (service, action, resource, data)
        VALUES (TG_ARGV[0], TG_TABLE_NAME || '.' || lower(TG_OP),
                coalesce(became, was) ->> TG_ARGV[1],
                jsonb_strip_nulls(jsonb_build_object('old', was, 'new', became)));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER filter_rule_after_change AFTER INSERT OR UPDATE OR DELETE ON gatepost.filter_rules
    FOR EACH ROW EXECUTE FUNCTION gatepost.mail_rule_after_change('filter', 'name');
CREATE TRIGGER filter_setting_after_change AFTER INSERT OR UPDATE OR DELETE ON gatepost.filter_settings
    FOR EACH ROW EXECUTE FUNCTION gatepost.mail_rule_after_change('filter', 'only_row');
CREATE TRIGGER policy_rule_after_change AFTER INSERT OR UPDATE OR DELETE ON gatepost.policy_rules
    FOR EACH ROW EXECUTE FUNCTION gatepost.mail_rule_after_change('policy', 'name');
CREATE TRIGGER dns_list_after_change AFTER INSERT OR UPDATE OR DELETE ON gatepost.dns_lists
    FOR EACH ROW EXECUTE FUNCTION gatepost.mail_rule_after_change('policy', 'zone');
CREATE TRIGGER policy_exemption_after_change
    AFTER INSERT OR UPDATE OR DELETE ON gatepost.policy_exemptions
    FOR EACH ROW EXECUTE FUNCTION gatepost.mail_rule_after_change('policy', 'network');

CREATE TRIGGER filter_rules_refuse_truncate BEFORE TRUNCATE ON gatepost.filter_rules
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
CREATE TRIGGER filter_settings_refuse_truncate BEFORE TRUNCATE ON gatepost.filter_settings
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
CREATE TRIGGER policy_rules_refuse_truncate BEFORE TRUNCATE ON gatepost.policy_rules
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
CREATE TRIGGER dns_lists_refuse_truncate BEFORE TRUNCATE ON gatepost.dns_lists
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
CREATE TRIGGER policy_exemptions_refuse_truncate BEFORE TRUNCATE ON gatepost.policy_exemptions
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();

ALTER PUBLICATION gatepost ADD TABLE
    gatepost.filter_rules (id, name, field, header_name, kind, pattern, case_sensitive, action, score,
                           folder, mode, active, position),
    gatepost.filter_settings,
    gatepost.policy_rules,
    gatepost.dns_lists,
    gatepost.policy_exemptions (network, comment);
