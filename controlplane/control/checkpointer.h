// Keeps the arenas on disk, so that the dataplane can start without PostgreSQL: a thread that
// writes checkpoints soon after each load, then at intervals if something changed, on request, and
// at the end. Zones and directory have a file each, and only that is written which changed. Reads
// the arenas through mappings of its own, as one more reader beside the dataplane's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "controlplane/pg/lsn.h"
#include "controlplane/sync/sync_board.h"
#include "storage/arena/qsbr.h"

namespace gatepost::controlplane {

struct CheckpointFile {
    std::string path;
    int64_t written_at_us = 0;  // microseconds since 1970; 0: there is none
    uint64_t size_bytes = 0;
    Lsn commit_lsn = 0;  // it holds at least what was committed up to here
};

struct CheckpointStatus {
    CheckpointFile zones;
    CheckpointFile directory;
    std::string error;      // of the last attempt; "" if it went well
    uint64_t attempts = 0;  // ended, well or not
};

class Checkpointer {
  public:
    // The files are zones.ckpt and directory.ckpt in `folder`. `done` is called in the checkpoint
    // thread after every attempt. `board` and `qsbr` must outlive this.
    Checkpointer(const std::string& folder, std::chrono::milliseconds interval,
                 const SyncBoard& board, storage::Qsbr& qsbr, std::function<void()> done);
    // Without a last checkpoint.
    ~Checkpointer();

    void start();
    // Gives the count of attempts at which the request has been met.
    uint64_t request();
    // Ends the thread after a last checkpoint, if something changed since the one before.
    void finish();

    CheckpointStatus status() const;

  private:
    using Clock = std::chrono::steady_clock;
    // Of what is published or written.
    struct Version {
        uint64_t generation = 0;
        uint64_t version = 0;
        bool operator==(const Version&) const = default;
    };
    struct Versions {
        Version zones;
        Version directory;
        bool operator==(const Versions&) const = default;
    };
    using WriteArena = std::function<Result<uint64_t>(const storage::Segment&)>;

    void run();
    // The ones from before this process: what is served until the database is there.
    void find_previous();
    // Whether to write now, given what is published.
    bool is_due(const Versions& published, Clock::time_point now);
    // `sync` is the state from before: the checkpoints hold at least that. `all`: also what did not
    // change.
    void write(const SyncStatus& sync, bool all);
    Status write_file(CheckpointFile CheckpointStatus::*file, UniqueFd arena, Lsn commit_lsn,
                      const WriteArena& write);

    const std::chrono::milliseconds interval_;
    const SyncBoard& board_;
    storage::Qsbr& qsbr_;
    const std::function<void()> done_;

    // Of the thread.
    Versions written_;
    uint64_t seen_generation_ = 0;
    Clock::time_point seen_at_;
    Clock::time_point attempted_at_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    CheckpointStatus status_;
    bool is_requested_ = false;
    bool is_writing_ = false;
    bool stop_ = false;
    bool last_write_ = false;
    std::thread thread_;
};

}  // namespace gatepost::controlplane
