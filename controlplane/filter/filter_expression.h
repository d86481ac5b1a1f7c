// What a rule is as an expression of Hyperscan, and where it is looked for.
#pragma once

#include <string>
#include <string_view>

#include "controlplane/filter/filter_source.h"
#include "storage/base/error.h"
#include "storage/filter/filter_image.h"

namespace gatepost::controlplane {

struct FilterExpression {
    storage::FilterField field = storage::FilterField::raw;
    std::string header_name;  // of FilterField::header, in lower case
    std::string text;
    unsigned flags = 0;  // HS_FLAG_…

    auto operator<=>(const FilterExpression&) const = default;
};

// Refuses (invalid) what a later program has made, and regular expressions that Hyperscan does not
// take, with its reason.
Result<FilterExpression> filter_expression(const FilterRuleRow& rule);
FilterExpression filing_expression(const FilingRuleRow& rule);

// Refuses (invalid) an action or a mode that is not known here.
Result<storage::FilterAction> filter_action(std::string_view name);

}  // namespace gatepost::controlplane
