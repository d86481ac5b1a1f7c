// The part of the status that tells of the network interfaces with a poll-mode process.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "storage/arena/runtime_page.h"

namespace gatepost::controlplane {

// An array, one element per [[nic]]. `ns_per_cycle`: nullopt while it is not known.
nlohmann::json nics_report(const storage::RuntimePage& page, std::optional<double> ns_per_cycle);

}  // namespace gatepost::controlplane
