// How mail for other systems is shown.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "controlplane/model/outbound.h"

namespace gatepost::tools {

nlohmann::ordered_json outbound_json(const controlplane::OutboundMessage& message);
std::string outbound_table(const std::vector<controlplane::OutboundMessage>& messages);
// All about one, a line for each fact.
std::string outbound_text(const controlplane::OutboundMessage& message);

nlohmann::ordered_json outbound_stat_json(const controlplane::OutboundStat& stat);
std::string outbound_stat_text(const controlplane::OutboundStat& stat);

}  // namespace gatepost::tools
