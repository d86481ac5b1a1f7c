// The control plane's status report as text for people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace gatepost::tools {

// "streaming since …, fresh as of …": the report's member "sync".
std::string sync_text(const nlohmann::json& sync);
// All of the report.
std::string status_text(const nlohmann::json& report);

}  // namespace gatepost::tools
