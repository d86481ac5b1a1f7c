#include "controlplane/model/filter_rule.h"

#include "controlplane/model/mail_write.h"

namespace gatepost::controlplane {

namespace {

constexpr std::string_view kRead =
    "SELECT r.id, r.name, r.field, coalesce(r.header_name, ''), r.kind, r.pattern, "
    "r.case_sensitive, r.action, r.score, coalesce(r.folder, ''), r.mode, r.active, r.position, "
    "coalesce(h.hits, 0), coalesce(to_char(h.last_hit_at AT TIME ZONE 'UTC', "
    "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '') "
    "FROM gatepost.filter_rules r LEFT JOIN gatepost.filter_rule_hits h ON h.rule_id = r.id "
    "WHERE $1 = '' OR r.name = $1 ORDER BY r.position, r.id";

Result<std::vector<FilterRuleInfo>> read(Connection& connection, std::string_view name) {
    auto rows = connection.exec_params(std::string(kRead), {name});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<FilterRuleInfo> out;
    for (int row = 0; row < rows->rows(); ++row)
        out.push_back({.rule = {.id = rows->integer(row, 0),
                                .name = rows->text(row, 1),
                                .field = rows->text(row, 2),
                                .header_name = rows->text(row, 3),
                                .kind = rows->text(row, 4),
                                .pattern = rows->text(row, 5),
                                .case_sensitive = rows->boolean(row, 6),
                                .action = rows->text(row, 7),
                                .score = static_cast<int32_t>(rows->integer(row, 8)),
                                .folder = rows->text(row, 9),
                                .mode = rows->text(row, 10),
                                .active = rows->boolean(row, 11),
                                .position = static_cast<int32_t>(rows->integer(row, 12))},
                       .hits = rows->unsigned_integer(row, 13),
                       .last_hit_at = rows->text(row, 14)});
    return out;
}

Result<std::optional<FilterRuleRow>> read_one(Connection& connection, std::string_view name) {
    auto rules = read(connection, name);
    if (!rules) return tl::unexpected(std::move(rules).error());
    if (rules->empty()) return std::optional<FilterRuleRow>();
    return std::optional(rules->front().rule);
}

Status write(Connection& connection, const FilterRuleRow& rule) {
    auto written = connection.exec_params(
        "INSERT INTO gatepost.filter_rules (name, field, header_name, kind, pattern, "
        "case_sensitive, action, score, folder, mode, active, position) "
        "SELECT $1, $2, nullif($3, ''), $4, $5, $6, $7, $8, nullif($9, ''), $10, $11, "
        "coalesce(max(position) + 1, 0) FROM gatepost.filter_rules "
        "ON CONFLICT (name) DO UPDATE SET field = excluded.field, "
        "header_name = excluded.header_name, kind = excluded.kind, pattern = excluded.pattern, "
        "case_sensitive = excluded.case_sensitive, action = excluded.action, "
        "score = excluded.score, folder = excluded.folder, mode = excluded.mode, "
        "active = excluded.active",
        {rule.name, rule.field, rule.header_name, rule.kind, rule.pattern, rule.case_sensitive,
         rule.action, rule.score, rule.folder, rule.mode, rule.active});
    if (!written) return tl::unexpected(std::move(written).error());
    return {};
}

PgParam score_param(std::optional<int32_t> score) {
    return score ? PgParam(*score) : PgParam(nullptr);
}

}  // namespace

Result<std::vector<FilterRuleInfo>> filter_rule_list(Connection& connection) {
    return read(connection, "");
}

Result<FilterRuleResult> filter_rule_set(Connection& connection, const FilterRuleRow& rule,
                                         const WriteOptions& options) {
    FilterRuleResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto before = read_one(connection, rule.name);
        if (!before) return tl::unexpected(std::move(before).error());
        result.before = *before;
        if (Status ok = write(connection, rule); !ok) return tl::unexpected(std::move(ok).error());
        auto after = read_one(connection, rule.name);
        if (!after) return tl::unexpected(std::move(after).error());
        result.after = *after;
        return result.before != result.after;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

Result<FilterRuleResult> filter_rule_remove(Connection& connection, std::string_view name,
                                            const WriteOptions& options) {
    FilterRuleResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto before = read_one(connection, name);
        if (!before) return tl::unexpected(std::move(before).error());
        if (!*before)
            return fail(ErrorCode::refused,
                        "there is no filter rule \"{}\"; see `gatepost filter list`", name);
        result.before = *before;
        auto removed =
            connection.exec_params("DELETE FROM gatepost.filter_rules WHERE name = $1", {name});
        if (!removed) return tl::unexpected(std::move(removed).error());
        return true;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

Result<FilterImportResult> filter_rule_import(Connection& connection,
                                              const std::vector<FilterRuleRow>& rules, bool reset,
                                              const WriteOptions& options) {
    FilterImportResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        if (reset) {
            std::string names;
            for (const FilterRuleRow& rule : rules) names += rule.name + "\n";
            auto removed = connection.exec_params(
                "DELETE FROM gatepost.filter_rules WHERE name <> ALL (string_to_array($1, E'\\n'))",
                {names});
            if (!removed) return tl::unexpected(std::move(removed).error());
            result.removed = static_cast<size_t>(removed->affected());
        }
        for (const FilterRuleRow& rule : rules) {
            Status ok = write(connection, rule);
            if (!ok) return wrap("filter rule " + rule.name, std::move(ok).error());
            ++result.set;
        }
        return result.set + result.removed > 0;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

Result<FilterSettingsRow> filter_settings_get(Connection& connection) {
    auto rows = connection.exec("SELECT junk_score, reject_score FROM gatepost.filter_settings");
    if (!rows) return tl::unexpected(std::move(rows).error());
    FilterSettingsRow settings;
    if (rows->empty()) return settings;
    if (!rows->is_null(0, 0)) settings.junk_score = static_cast<int32_t>(rows->integer(0, 0));
    if (!rows->is_null(0, 1)) settings.reject_score = static_cast<int32_t>(rows->integer(0, 1));
    return settings;
}

Result<Lsn> filter_settings_set(Connection& connection, const FilterSettingsRow& settings,
                                const WriteOptions& options) {
    return mail_write(connection, options, [&]() -> Result<bool> {
        auto written = connection.exec_params(
            "INSERT INTO gatepost.filter_settings (junk_score, reject_score) VALUES ($1, $2) "
            "ON CONFLICT (only_row) DO UPDATE SET junk_score = excluded.junk_score, "
            "reject_score = excluded.reject_score",
            {score_param(settings.junk_score), score_param(settings.reject_score)});
        if (!written) return tl::unexpected(std::move(written).error());
        return true;
    });
}

Result<FilterSource> filter_source_get(Connection& connection, int64_t account_id) {
    FilterSource source;
    auto settings = filter_settings_get(connection);
    if (!settings) return tl::unexpected(std::move(settings).error());
    source.settings = *settings;
    auto rules = filter_rule_list(connection);
    if (!rules) return tl::unexpected(std::move(rules).error());
    for (FilterRuleInfo& info : *rules) source.rules.push_back(std::move(info.rule));
    auto rows = connection.exec_params(
        "SELECT id, field, contains, folder, position, active FROM gatepost.filing_rules "
        "WHERE account_id = $1",
        {account_id});
    if (!rows) return tl::unexpected(std::move(rows).error());
    for (int row = 0; row < rows->rows(); ++row)
        source.filing_rules.push_back({.id = rows->integer(row, 0),
                                       .account_id = account_id,
                                       .field = rows->text(row, 1),
                                       .contains = rows->text(row, 2),
                                       .folder = rows->text(row, 3),
                                       .position = static_cast<int32_t>(rows->integer(row, 4)),
                                       .active = rows->boolean(row, 5)});
    return source;
}

}  // namespace gatepost::controlplane
