// Puts together what `gatepost nic` judges: the configuration, the host, an interface, and the
// instance that may be running.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/gatepost/config/config.h"
#include "tools/gatepost/nic/nic_findings.h"

namespace gatepost::tools {

// Asks the host; `nic` need not be in the configuration.
NicSituation nic_situation(const Config& config, const NicConfig& nic, const HostFacts& host);
// The [[nic]] of that interface; nullptr: it has none.
const NicConfig* find_nic(const Config& config, const std::string& interface);
// The supervisor of the instance that this configuration means; nullopt: it does not run.
std::optional<pid_t> running_supervisor(const Config& config);

}  // namespace gatepost::tools
