// The part of `nic check` that is about the host: kernel, rights, memory, cores.
#pragma once

#include <vector>

#include "tools/gatepost/nic/nic_findings.h"

namespace gatepost::tools {

void check_host(const NicSituation& situation, std::vector<Finding>& out);
void check_cores(const NicSituation& situation, std::vector<Finding>& out);
void check_hugepages(const NicSituation& situation, std::vector<Finding>& out);

}  // namespace gatepost::tools
