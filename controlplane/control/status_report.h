// The answer to `status`: everything that the control plane knows of itself, the data and the
// workers, as JSON.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "controlplane/control/checkpointer.h"
#include "controlplane/control/tsc_clock.h"
#include "controlplane/sync/sync_board.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::controlplane {

struct StatusSources {
    int64_t started_at_us = 0;
    const SyncBoard& board;
    const Checkpointer& checkpointer;
    const storage::RuntimePage& page;
    const TscClock& tsc;
};

nlohmann::json status_report(const StatusSources& sources);
// What every worker counts, whatever it serves.
nlohmann::json worker_report(size_t index, const storage::WorkerCounters& worker);
nlohmann::json zone_report(const std::string& zone, const SyncBoard& board);

// Of the zones' file, and of the directory's as "directory".
nlohmann::json checkpoint_report(const CheckpointStatus& status);

// RFC 3339, UTC, milliseconds; null for never (0).
nlohmann::json time_json(int64_t time_us);

}  // namespace gatepost::controlplane
