// The initial load: COPY of the published tables under the snapshot that the replication slot
// exported.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "controlplane/sync/zone_store.h"
#include "storage/arena/qsbr.h"

namespace gatepost::controlplane {

struct LoadOptions {
    std::string snapshot;             // as CREATE_REPLICATION_SLOT named it
    Lsn lsn = 0;                      // the position that the snapshot shows
    uint64_t arena_size_max = 0;      // octets
    uint64_t directory_size_max = 0;  // octets
    uint64_t generation = 0;          // of the new arenas
    std::shared_ptr<WatchedKeyFile> keys;
    std::string server_name;
};

struct LoadResult {
    std::unique_ptr<ZoneStore> store;  // published
    uint64_t zones = 0;
    uint64_t rrsets = 0;
    int64_t snapshot_time_us = 0;  // by the server's clock, microseconds since 1970
    uint32_t wal_block_size = 0;   // octets
};

// Builds new arenas and publishes them. Gives up soon after `stop` becomes true.
Result<LoadResult> load_all(Connection& connection, const LoadOptions& options, storage::Qsbr& qsbr,
                            const std::atomic<bool>& stop);

}  // namespace gatepost::controlplane
