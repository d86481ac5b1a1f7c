// Rows of the tables that the filter is compiled from, and keys of rows that were removed. They own
// what they hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::controlplane {

// Of gatepost.filter_rules. The values of columns that name something are as they stand there.
struct FilterRuleRow {
    int64_t id = 0;
    std::string name;
    std::string field;
    std::string header_name;  // "": none
    std::string kind;
    std::string pattern;
    bool case_sensitive = false;
    std::string action;
    int32_t score = 0;
    std::string folder;  // "": none
    std::string mode;
    bool active = true;
    int32_t position = 0;

    bool operator==(const FilterRuleRow&) const = default;
};
struct FilterRuleKey {
    int64_t id = 0;
    bool operator==(const FilterRuleKey&) const = default;
};

// Of gatepost.filter_settings.
struct FilterSettingsRow {
    std::optional<int32_t> junk_score;
    std::optional<int32_t> reject_score;

    bool operator==(const FilterSettingsRow&) const = default;
};
struct FilterSettingsKey {
    bool only_row = true;
    bool operator==(const FilterSettingsKey&) const = default;
};

// Of gatepost.filing_rules.
struct FilingRuleRow {
    int64_t id = 0;
    int64_t account_id = 0;
    std::string field;
    std::string contains;
    std::string folder;
    int32_t position = 0;
    bool active = true;

    bool operator==(const FilingRuleRow&) const = default;
};
struct FilingRuleKey {
    int64_t id = 0;
    bool operator==(const FilingRuleKey&) const = default;
};

// All that a compilation is made of, in any order.
struct FilterSource {
    FilterSettingsRow settings;
    std::vector<FilterRuleRow> rules;
    std::vector<FilingRuleRow> filing_rules;
};

}  // namespace gatepost::controlplane
