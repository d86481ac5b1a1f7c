// Filter rules in files, as CSV (RFC 4180): a first line with the names of the columns, in any
// order, then a line for each rule.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/filter/filter_source.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

// Columns that are left out have their defaults; name, field and pattern have to be there. `name`
// is the file's, for errors. What stands in a column is checked by the database.
Result<std::vector<FilterRuleRow>> filter_rules_from_csv(std::string_view text,
                                                         std::string_view name);
// Reads back to the same rules, but for ids and positions.
std::string filter_rules_to_csv(const std::vector<FilterRuleRow>& rules);

}  // namespace gatepost::controlplane
