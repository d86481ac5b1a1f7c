// Commits what the workers have accepted: a thread with a connection to each worker and one to
// PostgreSQL. What is there when a transaction ends is the next one (group commit), and is answered
// once it is committed. While the database is away nothing is answered, and no more is read than
// one batch.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "storage/delivery/compaction_frames.h"

namespace gatepost::controlplane {

struct CommitOptions {
    std::string dsn;
    int32_t edge = 0;  // numbers the host whose message log this is
    std::string held_reason = "mail is not sent to other systems yet";
    // A message whose account is locked for longer is put off, so that others need not wait.
    std::chrono::milliseconds lock_wait{1000};
};

// Counts are of this process.
struct CommitStatus {
    bool connected = false;  // to PostgreSQL
    std::string error;       // why not
    unsigned workers = 0;    // connections
    uint64_t waiting = 0;    // messages that are read and not committed
    uint64_t waiting_octets = 0;
    uint64_t stored = 0;  // rows in mailboxes
    uint64_t duplicates = 0;
    uint64_t undeliverable = 0;
    uint64_t refused = 0;       // messages that the database refused; the workers keep them
    uint64_t malformed = 0;     // requests that could not be understood
    uint64_t transactions = 0;  // that were committed
    uint64_t splits = 0;
    uint64_t conflicts = 0;
    uint64_t connects = 0;
    uint64_t largest_batch = 0;     // messages
    uint64_t last_batch_us = 0;     // time that the last one took
    uint64_t notes_dropped = 0;     // about logins
    int64_t last_commit_at_us = 0;  // of a batch; microseconds since 1970, 0: never
};

class CommitServiceThread;

class CommitService {
  public:
    // Of one transaction. A message that is larger goes alone.
    static constexpr size_t kBatchMessagesMax = 512;
    static constexpr size_t kBatchOctetsMax = size_t{4} << 20;

    // Called in the service's thread.
    using CopiedHook = std::function<void(const storage::BodiesCopied&)>;

    explicit CommitService(CommitOptions options);
    // Stops. What was not answered is asked again by the workers.
    ~CommitService();

    Status start();
    // Any thread, also before start(): a connection of that worker, which takes the place of the
    // one before.
    void add_connection(unsigned worker, UniqueFd socket);
    // Any thread. Has worker 0 copy bodies: `copied` gets its answer, or an error where it is not
    // there or goes away. One at a time; nothing comes once the service has stopped.
    void copy_bodies(const storage::CopyBodies& request, CopiedHook copied);
    // Any thread. Has worker 0 take the files away, and all of them close what they have open.
    void drop_segments(std::vector<storage::SegmentName> segments);
    void request_stop();
    // False: it has not stopped in that time. An attempt to connect may take ten seconds.
    bool wait_stopped(std::chrono::milliseconds timeout);
    CommitStatus status() const;

  private:
    friend class CommitServiceThread;

    // For workers; the thread takes it on.
    struct Errand {
        uint64_t sequence = 0;
        std::vector<uint8_t> frame;  // for worker 0
        CopiedHook copied;           // null: `others` is for the other workers, no answer comes
        std::vector<uint8_t> others;
    };

    void wake();
    void add_errand(Errand errand);

    const CommitOptions options_;
    UniqueFd wake_;
    std::atomic<bool> stop_{false};
    mutable std::mutex mutex_;
    std::condition_variable stopped_changed_;
    bool stopped_ = true;
    std::vector<std::pair<unsigned, UniqueFd>> handed_over_;
    std::vector<Errand> errands_;
    CommitStatus status_;
    std::thread thread_;
};

}  // namespace gatepost::controlplane
