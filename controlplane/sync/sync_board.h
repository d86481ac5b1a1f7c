// What the sync thread tells the others: how fresh the data are, which arena they are in, how far
// they reach.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "controlplane/directory/held_entries.h"
#include "controlplane/pg/lsn.h"
#include "controlplane/sync/zone_directory.h"
#include "storage/arena/segment.h"
#include "storage/base/unique_fd.h"
#include "storage/directory/directory_writer.h"
#include "storage/zone_index/writer.h"

namespace gatepost::controlplane {

enum class SyncPhase : uint8_t {
    connecting,  // for the first time
    loading,     // the initial load runs; what was there before is still served
    streaming,   // every commit is applied as it comes
    down,        // no connection; what was there before is still served
};
const char* sync_phase_name(SyncPhase phase);

// Times are microseconds since 1970, 0 for never.
struct SyncStatus {
    SyncPhase phase = SyncPhase::connecting;
    int64_t since_us = 0;
    std::string error;            // why it is down; "" once streaming
    Lsn commit_lsn = 0;           // of the last commit that is served
    int64_t commit_time_us = 0;   // of that commit
    Lsn received_lsn = 0;         // how far the server had read its log at its last message
    int64_t caught_up_at_us = 0;  // when nothing was known to be missing last
    uint64_t transactions_total = 0;
    uint64_t changes_total = 0;  // of rows
    uint64_t loads_total = 0;
    double load_seconds = 0;  // of the last load
    uint64_t generation = 0;  // of both arenas; 0: none
    storage::ArenaStats arena;
    storage::DirectoryStats directory;
    bool huge_pages = false;
};

class SyncBoard {
  public:
    // ---- for the sync thread
    template <typename Change>
    void update(Change change) {
        const std::lock_guard lock(mutex_);
        change(status_);
    }
    void set_phase(SyncPhase phase, std::string error = {});
    // New arenas are published. Duplicates the descriptors.
    void set_arena(int fd, std::shared_ptr<ZoneDirectory> directory);
    void set_directory_arena(int fd, std::shared_ptr<const HeldEntries> held);
    // Everything that was committed up to `lsn` is applied.
    void set_confirmed(Lsn lsn) { confirmed_.store(lsn, std::memory_order_release); }
    void set_wal_block_size(uint32_t octets) { wal_block_size_.store(octets); }

    // ---- for all
    SyncStatus status() const;
    std::shared_ptr<const ZoneDirectory> directory() const;
    // The descriptor of the newest arena, duplicated; closed where there is none.
    UniqueFd arena() const;
    // The same of the directory.
    UniqueFd directory_arena() const;
    std::shared_ptr<const HeldEntries> held_entries() const;
    // Whether every commit up to `lsn` is applied.
    bool has_reached(Lsn lsn) const;

  private:
    mutable std::mutex mutex_;
    SyncStatus status_;
    UniqueFd arena_;
    std::shared_ptr<ZoneDirectory> directory_ = std::make_shared<ZoneDirectory>();
    UniqueFd directory_arena_;
    std::shared_ptr<const HeldEntries> held_entries_ = std::make_shared<HeldEntries>();
    std::atomic<Lsn> confirmed_{0};
    std::atomic<uint32_t> wal_block_size_{8192};
};

}  // namespace gatepost::controlplane
