#include "controlplane/model/filter_rule_csv.h"

#include <algorithm>
#include <charconv>

#include "controlplane/model/csv.h"

namespace gatepost::controlplane {

namespace {

Status take_bool(std::string_view text, bool& out) {
    if (text != "yes" && text != "no")
        return fail(ErrorCode::invalid, "\"{}\", expected yes or no", text);
    out = text == "yes";
    return {};
}

Status take_score(std::string_view text, int32_t& out) {
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, out);
    if (error != std::errc() || at != end)
        return fail(ErrorCode::invalid, "\"{}\", expected a number", text);
    return {};
}

struct Column {
    std::string_view name;
    Status (*take)(FilterRuleRow& rule, const std::string& text);
    std::string (*give)(const FilterRuleRow& rule);
};

template <std::string FilterRuleRow::*Member>
constexpr Column text_column(std::string_view name) {
    return {name,
            [](FilterRuleRow& rule, const std::string& text) -> Status {
                rule.*Member = text;
                return {};
            },
            [](const FilterRuleRow& rule) { return rule.*Member; }};
}

template <bool FilterRuleRow::*Member>
constexpr Column bool_column(std::string_view name) {
    return {
        name,
        [](FilterRuleRow& rule, const std::string& text) { return take_bool(text, rule.*Member); },
        [](const FilterRuleRow& rule) { return std::string(rule.*Member ? "yes" : "no"); }};
}

constexpr Column kColumns[] = {
    text_column<&FilterRuleRow::name>("name"),
    text_column<&FilterRuleRow::field>("field"),
    text_column<&FilterRuleRow::header_name>("header"),
    text_column<&FilterRuleRow::kind>("kind"),
    text_column<&FilterRuleRow::pattern>("pattern"),
    bool_column<&FilterRuleRow::case_sensitive>("case_sensitive"),
    text_column<&FilterRuleRow::action>("action"),
    {"score",
     [](FilterRuleRow& rule, const std::string& text) { return take_score(text, rule.score); },
     [](const FilterRuleRow& rule) { return std::to_string(rule.score); }},
    text_column<&FilterRuleRow::folder>("folder"),
    text_column<&FilterRuleRow::mode>("mode"),
    bool_column<&FilterRuleRow::active>("active"),
};

Result<std::vector<const Column*>> columns_of(const std::vector<std::string>& heading) {
    std::vector<const Column*> columns;
    for (const std::string& name : heading) {
        const auto* found = std::ranges::find(kColumns, name, &Column::name);
        if (found == std::end(kColumns))
            return fail(ErrorCode::invalid, "there is no column \"{}\"", name);
        columns.push_back(found);
    }
    for (const std::string_view name : {"name", "field", "pattern"})
        if (std::ranges::count(heading, name) != 1)
            return fail(ErrorCode::invalid, "the first line does not name the column \"{}\"", name);
    return columns;
}

Result<FilterRuleRow> rule_of(const std::vector<const Column*>& columns,
                              const std::vector<std::string>& values) {
    if (values.size() != columns.size())
        return fail(ErrorCode::invalid, "{} values, expected {}", values.size(), columns.size());
    FilterRuleRow rule{.kind = "contains", .action = "score", .mode = "enforce"};
    for (size_t i = 0; i < values.size(); ++i) {
        if (values[i].empty()) continue;  // the default
        if (Status ok = columns[i]->take(rule, values[i]); !ok)
            return fail(ErrorCode::invalid, "{}: {}", columns[i]->name, ok.error().message);
    }
    if (rule.name.empty() || rule.field.empty() || rule.pattern.empty())
        return fail(ErrorCode::invalid, "name, field and pattern must not be empty");
    return rule;
}

}  // namespace

Result<std::vector<FilterRuleRow>> filter_rules_from_csv(std::string_view text,
                                                         std::string_view name) {
    std::vector<FilterRuleRow> rules;
    std::vector<const Column*> columns;
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
    for (size_t line = 1; !text.empty();) {
        const std::string_view before = text;
        const auto values = take_csv_line(text);
        if (!values)
            return fail(ErrorCode::invalid, "{}:{}: {}", name, line, values.error().message);
        const std::string_view taken = before.substr(0, before.size() - text.size());
        const size_t first_line = line;
        line += static_cast<size_t>(std::ranges::count(taken, '\n'));
        if (csv_trimmed(taken.substr(0, taken.find('\n'))).empty() ||
            csv_trimmed(taken).starts_with('#'))
            continue;
        const auto bad = [&](const Error& error) {
            return fail(ErrorCode::invalid, "{}:{}: {}", name, first_line, error.message);
        };
        if (columns.empty()) {
            auto heading = columns_of(*values);
            if (!heading) return bad(heading.error());
            columns = std::move(*heading);
            continue;
        }
        auto rule = rule_of(columns, *values);
        if (!rule) return bad(rule.error());
        rules.push_back(std::move(*rule));
    }
    return rules;
}

std::string filter_rules_to_csv(const std::vector<FilterRuleRow>& rules) {
    std::string out;
    for (const Column& column : kColumns) {
        if (!out.empty()) out += ',';
        out += column.name;
    }
    out += '\n';
    for (const FilterRuleRow& rule : rules) {
        for (const Column& column : kColumns) {
            if (&column != &kColumns[0]) out += ',';
            append_csv_value(out, column.give(rule));
        }
        out += '\n';
    }
    return out;
}

}  // namespace gatepost::controlplane
