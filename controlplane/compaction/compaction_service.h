// Compaction of the message log: a thread that does a pass when somebody asks for it, and once an
// hour where a segment has become sparse enough; and removes the old files afterwards. Once an hour
// it also deletes old tombstones of expunged messages.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "controlplane/commit/commit_service.h"
#include "controlplane/compaction/segment_compaction.h"
#include "controlplane/mailboxes/moved_message.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::controlplane {

struct CompactionServiceOptions {
    // At half, a copied octet frees one.
    static constexpr unsigned kLivePercentMax = 50;

    std::string dsn;
    std::string folder;  // of the message log; "": there is none
    int32_t edge = 0;    // numbers the host whose message log this is
    // Of a segment, so much that it is copied at all; 0: kLivePercentMax, and only when asked.
    unsigned live_percent_max = kLivePercentMax;
    // Readers may know the old places for so long: a slow client's FETCH, a worker's open file.
    std::chrono::milliseconds grace{60'000};
    // How long it is remembered which messages are gone.
    std::chrono::milliseconds expunged_kept = std::chrono::hours(30 * 24);
};

class CompactionService {
  public:
    using Take = std::function<void(Result<CompactionReport>)>;

    // `commit` outlives it. `moved` is called in the service's thread.
    CompactionService(CompactionServiceOptions options, CommitService& commit,
                      std::function<void(std::vector<MovedMessage>)> moved);
    ~CompactionService();

    Status start();
    // Any thread: one pass. `take` is called in the service's thread; not where that is stopped.
    void compact(bool dry_run, Take take);
    void request_stop();
    // False: it has not stopped in that time.
    bool wait_stopped(std::chrono::milliseconds timeout);

  private:
    using Clock = std::chrono::steady_clock;
    struct Asked {
        bool dry_run = false;
        Take take;
    };

    void run();
    std::vector<Asked> wait(Clock::time_point until);
    void compact_by_itself();
    void prune_by_itself();
    Clock::time_point woken();
    storage::BodiesCopied copy(const storage::CopyBodies& request);

    const CompactionServiceOptions options_;
    CommitService& commit_;
    const std::function<void(std::vector<MovedMessage>)> moved_;
    UniqueFd wake_;  // an eventfd that only a stop writes to
    std::atomic<bool> stop_{false};
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopped_ = true;
    std::vector<Asked> asked_;
    std::unique_ptr<CompactionDatabase> database_;
    std::unique_ptr<SegmentCompaction> compaction_;
    Clock::time_point next_by_itself_{};
    Clock::time_point next_prune_{};
    std::thread thread_;
};

}  // namespace gatepost::controlplane
