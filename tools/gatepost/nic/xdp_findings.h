// The part of `nic check` that is about XDP: whose program, in which mode, with how many copies.
#pragma once

#include <string>
#include <vector>

#include "tools/gatepost/nic/nic_findings.h"

namespace gatepost::tools {

// A frame with its headroom has to fit into one page.
inline constexpr unsigned kNativeXdpMtuMax = 3500;

void check_xdp(const NicSituation& situation, std::vector<Finding>& out);
void xdp_faster(const NicSituation& situation, std::vector<std::string>& out);

}  // namespace gatepost::tools
