// Rules about what is in a message, for the mail of everybody, and what their scores lead to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/filter/filter_source.h"
#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct FilterRuleInfo {
    FilterRuleRow rule;
    uint64_t hits = 0;
    std::string last_hit_at;  // RFC 3339, UTC; "": never
};

// In the order in which they count.
Result<std::vector<FilterRuleInfo>> filter_rule_list(Connection& connection);

struct FilterRuleResult {
    std::optional<FilterRuleRow> before;
    std::optional<FilterRuleRow> after;
    Lsn lsn = 0;  // 0 after a dry run, or where nothing changed
};
// In the place of the rule of that name, or behind all others. Its id and position do not count.
Result<FilterRuleResult> filter_rule_set(Connection& connection, const FilterRuleRow& rule,
                                         const WriteOptions& options);
Result<FilterRuleResult> filter_rule_remove(Connection& connection, std::string_view name,
                                            const WriteOptions& options);

struct FilterImportResult {
    size_t set = 0;
    size_t removed = 0;
    Lsn lsn = 0;
};
// All of them or none. With `reset` those of other names are removed.
Result<FilterImportResult> filter_rule_import(Connection& connection,
                                              const std::vector<FilterRuleRow>& rules, bool reset,
                                              const WriteOptions& options);

Result<FilterSettingsRow> filter_settings_get(Connection& connection);
Result<Lsn> filter_settings_set(Connection& connection, const FilterSettingsRow& settings,
                                const WriteOptions& options);

// What the compilation is made of: all rules, and the filing rules of one account; 0: of none.
Result<FilterSource> filter_source_get(Connection& connection, int64_t account_id);

}  // namespace gatepost::controlplane
