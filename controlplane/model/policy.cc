#include "controlplane/model/policy.h"

#include "controlplane/model/mail_write.h"
#include "controlplane/model/policy_text.h"
#include "controlplane/pg/text_array.h"

namespace gatepost::controlplane {

namespace {

// One statement in a transaction of its own.
Result<Lsn> write_one(Connection& connection, const std::string& sql,
                      std::initializer_list<PgParam> params, const WriteOptions& options) {
    return mail_write(connection, options, [&]() -> Result<bool> {
        auto done = connection.exec_params(sql, params);
        if (!done) return tl::unexpected(std::move(done).error());
        return done->affected() > 0;
    });
}

}  // namespace

Result<std::vector<PolicyRuleState>> policy_list(Connection& connection) {
    auto rows = connection.exec(
        "SELECT r.name, r.mode, r.settings::text, coalesce(h.hits, 0), coalesce(h.monitored, 0), "
        "coalesce(to_char(h.last_hit_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '') "
        "FROM gatepost.policy_rules r LEFT JOIN gatepost.policy_rule_hits h USING (name) "
        "ORDER BY r.name");
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<PolicyRuleState> rules;
    for (int row = 0; row < rows->rows(); ++row)
        rules.push_back({rows->text(row, 0), rows->text(row, 1), rows->text(row, 2),
                         rows->unsigned_integer(row, 3), rows->unsigned_integer(row, 4),
                         rows->text(row, 5)});
    return rules;
}

Result<std::vector<DnsListState>> dns_list_list(Connection& connection) {
    auto rows = connection.exec(
        "SELECT zone, kind, mode, codes, score, active FROM gatepost.dns_lists ORDER BY zone");
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<DnsListState> lists;
    for (int row = 0; row < rows->rows(); ++row) {
        auto codes = text_array_from_literal(rows->view(row, 3));
        if (!codes) return tl::unexpected(std::move(codes).error());
        lists.push_back({rows->text(row, 0), rows->text(row, 1), rows->text(row, 2),
                         std::move(*codes), static_cast<int32_t>(rows->integer(row, 4)),
                         rows->boolean(row, 5)});
    }
    return lists;
}

Result<std::vector<PolicyExemption>> policy_exemption_list(Connection& connection) {
    auto rows = connection.exec(
        "SELECT network::text, comment FROM gatepost.policy_exemptions ORDER BY network");
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<PolicyExemption> exemptions;
    for (int row = 0; row < rows->rows(); ++row)
        exemptions.push_back({rows->text(row, 0), rows->text(row, 1)});
    return exemptions;
}

Result<Lsn> policy_set(Connection& connection, storage::PolicyRule rule,
                       const PolicyRuleChange& change, const WriteOptions& options) {
    const storage::PolicyRuleAbout& about = storage::about(rule);
    if (about.always && change.mode && *change.mode != storage::PolicyMode::enforce)
        return fail(ErrorCode::invalid,
                    "the rule {} is always enforced: without it this would be no safe mail server",
                    about.name);
    std::string set;  // a JSON object
    std::vector<std::string> unset;
    for (const auto& [name, value] : change.settings) {
        const int64_t checked =
            value.value_or(storage::find_policy_setting(rule, name)
                               ? storage::about(*storage::find_policy_setting(rule, name)).otherwise
                               : 0);
        if (Status good = check_policy_setting(rule, name, checked); !good)
            return tl::unexpected(std::move(good).error());
        if (value)
            set += fmt::format("{}\"{}\": {}", set.empty() ? "" : ", ", name, *value);
        else
            unset.push_back(name);
    }
    const std::string mode(change.mode ? storage::policy_mode_name(*change.mode)
                                       : std::string_view());
    return write_one(
        connection,
        "UPDATE gatepost.policy_rules SET mode = coalesce(nullif($2, ''), mode), "
        "settings = (settings || $3::jsonb) - $4::text[] WHERE name = $1 AND (mode, settings) IS "
        "DISTINCT FROM (coalesce(nullif($2, ''), mode), (settings || $3::jsonb) - $4::text[])",
        {about.name, mode, "{" + set + "}", text_array_to_literal(unset)}, options);
}

Result<Lsn> dns_list_set(Connection& connection, const DnsListState& list,
                         const WriteOptions& options) {
    if (list.codes.size() > storage::kDnsListCodesMax)
        return fail(ErrorCode::invalid, "{} codes of {} are too many, at most {}",
                    list.codes.size(), list.zone, storage::kDnsListCodesMax);
    for (const std::string& code : list.codes)
        if (auto parsed = parse_dns_list_code(code); !parsed)
            return tl::unexpected(std::move(parsed).error());
    auto known = dns_list_list(connection);
    if (!known) return tl::unexpected(std::move(known).error());
    size_t others = 0;
    for (const DnsListState& one : *known)
        if (one.zone != list.zone && one.active) ++others;
    if (list.active && others >= storage::kDnsListsMax)
        return fail(ErrorCode::invalid, "there are {} lists already, which is the most", others);
    return write_one(connection,
                     "INSERT INTO gatepost.dns_lists AS l (zone, kind, mode, codes, score, active) "
                     "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (zone) DO UPDATE SET kind = "
                     "excluded.kind, mode = excluded.mode, codes = excluded.codes, score = "
                     "excluded.score, active = excluded.active WHERE l IS DISTINCT FROM excluded",
                     {list.zone, list.kind, list.mode, text_array_to_literal(list.codes),
                      int64_t{list.score}, list.active},
                     options);
}

Result<Lsn> dns_list_remove(Connection& connection, std::string_view zone,
                            const WriteOptions& options) {
    bool found = false;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto done =
            connection.exec_params("DELETE FROM gatepost.dns_lists WHERE zone = $1", {zone});
        if (!done) return tl::unexpected(std::move(done).error());
        found = done->affected() > 0;
        return found;
    });
    if (lsn && !found) return fail(ErrorCode::refused, "there is no list {}", zone);
    return lsn;
}

Result<Lsn> policy_exempt(Connection& connection, const PolicyExemption& exemption,
                          const WriteOptions& options) {
    return write_one(connection,
                     "INSERT INTO gatepost.policy_exemptions AS e (network, comment) VALUES "
                     "($1::cidr, $2) ON CONFLICT (network) DO UPDATE SET comment = "
                     "excluded.comment WHERE e.comment <> excluded.comment",
                     {exemption.network, exemption.comment}, options);
}

Result<Lsn> policy_unexempt(Connection& connection, std::string_view network,
                            const WriteOptions& options) {
    bool found = false;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto done = connection.exec_params(
            "DELETE FROM gatepost.policy_exemptions WHERE network = $1::cidr", {network});
        if (!done) return tl::unexpected(std::move(done).error());
        found = done->affected() > 0;
        return found;
    });
    if (lsn && !found) return fail(ErrorCode::refused, "{} is not exempt", network);
    return lsn;
}

}  // namespace gatepost::controlplane
