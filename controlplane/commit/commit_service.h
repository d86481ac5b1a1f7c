// Commits what the workers have accepted: a thread with a connection to each worker and one to
// PostgreSQL. What is there when a transaction ends is the next one (group commit), and is answered
// once it is committed. While the database is away nothing is answered, and no more is read than
// one batch.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

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

    explicit CommitService(CommitOptions options);
    // Stops. What was not answered is asked again by the workers.
    ~CommitService();

    Status start();
    // Any thread, also before start(): a connection of that worker, which takes the place of the
    // one before.
    void add_connection(unsigned worker, UniqueFd socket);
    void request_stop();
    // False: it has not stopped in that time. An attempt to connect may take ten seconds.
    bool wait_stopped(std::chrono::milliseconds timeout);
    CommitStatus status() const;

  private:
    friend class CommitServiceThread;

    void wake();

    const CommitOptions options_;
    UniqueFd wake_;
    std::atomic<bool> stop_{false};
    mutable std::mutex mutex_;
    std::condition_variable stopped_changed_;
    bool stopped_ = true;
    std::vector<std::pair<unsigned, UniqueFd>> handed_over_;
    CommitStatus status_;
    std::thread thread_;
};

}  // namespace gatepost::controlplane
