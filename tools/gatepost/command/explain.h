// What the filter makes of a message, for `gatepost explain`: by the functions that filter mail.
#pragma once

#include <string>
#include <vector>

#include "controlplane/filter/filter_compiler.h"
#include "dataplane/filter/filter_scan.h"
#include "storage/base/error.h"
#include "tools/gatepost/cli/command.h"

namespace gatepost::tools {

struct Explained {
    dataplane::FilterVerdict verdict;
    std::vector<const controlplane::FilterRuleRow*> matched;  // of the source
    std::vector<controlplane::HeldFilterRule> held;           // not in use
};

// `source` has the filing rules of the one recipient of `envelope`, and outlives what this gives.
Result<Explained> explain_message(const controlplane::FilterSource& source,
                                  const std::string& message, const storage::Envelope& envelope);

// "filed into Lists, by a rule of the account", of the one recipient that there is.
std::string outcome_of(const dataplane::FilterVerdict& verdict);

CommandSpec explain_delivery_command();

}  // namespace gatepost::tools
