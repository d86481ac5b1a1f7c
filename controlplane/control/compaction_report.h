// What `gatepost store compact` shows.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "controlplane/compaction/segment_compaction.h"

namespace gatepost::controlplane {

nlohmann::json compaction_report(const CompactionReport& report);

}  // namespace gatepost::controlplane
