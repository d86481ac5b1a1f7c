// Mailboxes for the workers: the one writer of their arena. A thread with a connection to each
// worker, which answers what they ask, tells them what has changed, and keeps the arena as
// PostgreSQL has it; and four connections to that: for changes, for very large ones, for short
// queries, and for loads.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "controlplane/mailboxes/moved_message.h"
#include "controlplane/mailboxes/session_questions.h"
#include "controlplane/sync/mailbox_notice.h"
#include "storage/arena/qsbr.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::controlplane {

struct MailboxServiceOptions {
    std::string dsn;
    int32_t edge = 0;                             // numbers the host whose message log this is
    uint64_t arena_size_max = uint64_t{4} << 30;  // octets, of address space
    uint64_t resident_max = uint64_t{1} << 30;    // octets of messages, beyond which some go
    std::chrono::milliseconds kept{60'000};       // mailboxes asked for since stay
    // A request whose mailbox is locked for longer is answered `unavailable`.
    std::chrono::milliseconds lock_wait{1000};
};

// Called in the service's thread.
struct MailboxServiceHooks {
    // There is an arena, from now on kept as the database has it. Called once, when PostgreSQL is
    // reached for the first time: until then the one of a process before is worth more.
    std::function<void(int fd, uint64_t generation)> arena_ready = [](int, uint64_t) {};
};

// Counts are of this process.
struct MailboxServiceStatus {
    bool connected = false;  // to PostgreSQL, for changes
    std::string error;       // why not
    unsigned workers = 0;    // connections
    uint64_t generation = 0;
    uint64_t accounts = 0;  // in the arena
    uint64_t mailboxes = 0;
    uint64_t resident = 0;  // mailboxes with their messages
    uint64_t messages = 0;
    uint64_t used_bytes = 0;
    uint64_t free_bytes = 0;
    uint64_t retired_bytes = 0;
    uint64_t size_max_bytes = 0;
    uint64_t evictions = 0;
    uint64_t full = 0;     // what did not fit
    uint64_t dropped = 0;  // mailboxes taken out because a change of them did not fit
    // Mailboxes of which the database has lost changes; reloaded as the tombstones that they needed
    // were gone; reloaded as their keywords were too many, unused ones among them.
    uint64_t lost = 0;
    uint64_t behind_floor = 0;
    uint64_t crowded = 0;
    uint64_t waiting = 0;  // requests to change something
    uint64_t requests = 0;
    uint64_t changes = 0;        // requests that were committed
    uint64_t bulk_requests = 0;  // that went by the lane of very large changes
    uint64_t refused = 0;        // by the database
    uint64_t unavailable = 0;    // because it is away, or they waited for too long
    uint64_t malformed = 0;
    uint64_t transactions = 0;
    uint64_t largest_batch = 0;
    uint64_t last_batch_us = 0;
    uint64_t repeats = 0;
    uint64_t conflicts = 0;
    uint64_t gaps = 0;
    uint64_t loads = 0;
    uint64_t last_load_us = 0;
    uint64_t last_load_messages = 0;
    uint64_t refreshes = 0;
    uint64_t events = 0;  // told to all workers
};

class MailboxServiceThread;

class MailboxService {
  public:
    // `qsbr` outlives the service.
    MailboxService(MailboxServiceOptions options, storage::Qsbr& qsbr, MailboxServiceHooks hooks);
    // Stops. What was not answered is asked again by the workers.
    ~MailboxService();

    Status start();
    void request_stop();
    // False: it has not stopped in that time. An attempt to connect may take ten seconds.
    bool wait_stopped(std::chrono::milliseconds timeout);

    // These from any thread. A connection of that worker, which takes the place of the one before.
    void add_connection(unsigned worker, UniqueFd socket);
    // What the replication stream has told; forgotten before start(), as nothing is in the arena.
    void notice(std::vector<MailboxNotice> notices);
    // Changes may have been missed: all that is in the arena is compared.
    void compare_all();
    // A compaction has moved bodies: whoever reads a message from now on finds the new place.
    void bodies_moved(std::vector<MovedMessage> messages);
    // The account's connections are closed.
    void disconnect(uint64_t account_id, const std::string& reason);
    // `take` is called in the service's thread. `account_id` 0: of all.
    void list_sessions(uint64_t account_id, SessionQuestions::Take take);
    MailboxServiceStatus status() const;

  private:
    friend class MailboxServiceThread;
    using Call = std::function<void(MailboxServiceThread&)>;

    void post(Call call);
    void wake() const;

    const MailboxServiceOptions options_;
    storage::Qsbr& qsbr_;
    const MailboxServiceHooks hooks_;
    UniqueFd wake_;
    std::atomic<bool> stop_{false};
    mutable std::mutex mutex_;
    std::condition_variable stopped_changed_;
    bool started_ = false;
    bool stopped_ = true;
    std::vector<Call> calls_;  // for the thread
    MailboxServiceStatus status_;
    std::thread thread_;
};

}  // namespace gatepost::controlplane
