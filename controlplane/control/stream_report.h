// What a worker counts about its connections, as `gatepost status` tells it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "storage/arena/runtime_page.h"

namespace gatepost::controlplane {

nlohmann::json stream_report(const storage::StreamCounters& streams);
// Lines of the log since the start, by process and level.
nlohmann::json log_report(const storage::RuntimePage& page);

}  // namespace gatepost::controlplane
