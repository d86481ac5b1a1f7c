#include "controlplane/model/filing_rule.h"

#include <algorithm>
#include <utility>

#include "controlplane/model/account.h"
#include "controlplane/model/audit.h"
#include "controlplane/model/csv.h"
#include "controlplane/model/mail_write.h"

namespace gatepost::controlplane {
namespace {

constexpr size_t kColumns = 3;

bool equal_without_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [&](char x, char y) { return lower(x) == lower(y); });
}

// RFC 5228 §2.4.2: backslashes and quotes are escaped.
std::string sieve_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

bool is_heading(const std::vector<std::string>& values) {
    return values.size() == kColumns && equal_without_case(values[0], "field") &&
           equal_without_case(values[1], "contains") && equal_without_case(values[2], "folder");
}

Result<FilingRule> rule_of(const std::vector<std::string>& values) {
    if (values.size() != kColumns)
        return fail(ErrorCode::invalid, "{} values, expected {}: Field, Contains, Folder",
                    values.size(), kColumns);
    FilingRule rule{values[0], values[1], values[2]};
    if (rule.field.ends_with(':'))
        rule.field = csv_trimmed(rule.field.substr(0, rule.field.size() - 1));
    // RFC 5322 §2.2: printable ASCII but the colon.
    if (rule.field.empty() || !std::all_of(rule.field.begin(), rule.field.end(),
                                           [](char c) { return c > ' ' && c <= '~' && c != ':'; }))
        return fail(ErrorCode::invalid, "\"{}\" is not the name of a header field", values[0]);
    if (rule.contains.empty() || rule.folder.empty())
        return fail(ErrorCode::invalid, "the text to look for and the folder must not be empty");
    return rule;
}

}  // namespace

Result<std::vector<FilingRule>> filing_rules_from_csv(std::string_view text,
                                                      std::string_view name) {
    std::vector<FilingRule> rules;
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
    bool first = true;
    for (size_t line = 1; !text.empty();) {
        const std::string_view before = text;
        const auto values = take_csv_line(text);
        if (!values)
            return fail(ErrorCode::invalid, "{}:{}: {}", name, line, values.error().message);
        const std::string_view taken = before.substr(0, before.size() - text.size());
        const size_t first_line = line;
        line += static_cast<size_t>(std::count(taken.begin(), taken.end(), '\n'));
        if (values->size() == 1 && values->front().empty()) continue;
        if (csv_trimmed(taken).starts_with('#')) continue;
        if (std::exchange(first, false) && is_heading(*values)) continue;
        auto rule = rule_of(*values);
        if (!rule)
            return fail(ErrorCode::invalid, "{}:{}: {}", name, first_line, rule.error().message);
        if (std::find(rules.begin(), rules.end(), *rule) == rules.end())
            rules.push_back(std::move(*rule));
    }
    return rules;
}

std::string filing_rules_to_csv(const std::vector<FilingRule>& rules) {
    std::string out = "Field, Contains, Folder\n";
    for (const FilingRule& rule : rules) {
        append_csv_value(out, rule.field);
        out += ", ";
        append_csv_value(out, rule.contains);
        out += ", ";
        append_csv_value(out, rule.folder);
        out += '\n';
    }
    return out;
}

std::string filing_rules_to_sieve(const std::vector<FilingRule>& rules) {
    // RFC 5490 §3.2: ":create" is of the extension "mailbox".
    std::string out = "require [\"fileinto\", \"mailbox\"];\n";
    for (const FilingRule& rule : rules)
        if (rule.active)
            out += fmt::format("if header :contains {} {} {{ fileinto :create {}; stop; }}\n",
                               sieve_string(rule.field), sieve_string(rule.contains),
                               sieve_string(rule.folder));
    return out;
}

Result<std::vector<FilingRule>> filing_rule_list(Connection& connection, std::string_view address) {
    auto account = account_get(connection, address);
    if (!account) return tl::unexpected(std::move(account).error());
    auto rows = connection.exec_params(
        "SELECT field, contains, folder, active FROM gatepost.filing_rules WHERE account_id = $1 "
        "ORDER BY position, id",
        {account->id});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<FilingRule> rules;
    for (int row = 0; row < rows->rows(); ++row)
        rules.push_back(
            {rows->text(row, 0), rows->text(row, 1), rows->text(row, 2), rows->boolean(row, 3)});
    return rules;
}

Result<FilingRuleResult> filing_rule_import(Connection& connection, std::string_view address,
                                            const std::vector<FilingRule>& rules, bool reset,
                                            const WriteOptions& options) {
    FilingRuleResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto account = account_get(connection, address);
        if (!account) return tl::unexpected(std::move(account).error());
        if (reset) {
            auto removed = connection.exec_params(
                "DELETE FROM gatepost.filing_rules WHERE account_id = $1", {account->id});
            if (!removed) return tl::unexpected(std::move(removed).error());
            result.removed = static_cast<size_t>(removed->affected());
        }
        for (const FilingRule& rule : rules) {
            auto added = connection.exec_params(
                "INSERT INTO gatepost.filing_rules (account_id, field, contains, folder, active, "
                "position) SELECT $1, $2, $3, $4, $5, coalesce(max(position) + 1, 0) FROM "
                "gatepost.filing_rules WHERE account_id = $1 ON CONFLICT DO NOTHING",
                {account->id, rule.field, rule.contains, rule.folder, rule.active});
            if (!added) return tl::unexpected(std::move(added).error());
            result.added += static_cast<size_t>(added->affected());
        }
        result.kept = rules.size() - result.added;
        const bool changed = result.added + result.removed > 0;
        if (changed)
            if (Status told = audit_write(connection, "filing_rule.import", address); !told)
                return tl::unexpected(std::move(told).error());
        return changed;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

}  // namespace gatepost::controlplane
