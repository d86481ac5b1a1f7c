// gatepost-controlplane at work: the sync thread, the checkpoint thread, the keeper of
// certificates, and in the main thread one loop over the control socket, the supervisor's channel
// and signals. Requests that wait (sync.wait, checkpoint) are kept here.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/certificate/keeper.h"
#include "controlplane/commit/commit_service.h"
#include "controlplane/compaction/compaction_service.h"
#include "controlplane/control/checkpointer.h"
#include "controlplane/control/control_server.h"
#include "controlplane/control/options.h"
#include "controlplane/control/tsc_clock.h"
#include "controlplane/mailboxes/mailbox_service.h"
#include "controlplane/queue_api/queue_api.h"
#include "controlplane/sync/sync_service.h"
#include "storage/arena/runtime_page.h"
#include "storage/base/fd_channel.h"
#include "storage/base/unique_fd.h"

namespace gatepost::controlplane {

class Daemon {
  public:
    // Checks and opens what a start needs; PostgreSQL need not be there.
    static Result<std::unique_ptr<Daemon>> create(DaemonOptions options);
    ~Daemon();

    // Until a signal or the supervisor ends it.
    Status run();
    // False where a thread that talks to PostgreSQL could not be stopped in time: the process must
    // end without destructors.
    bool is_stopped() const { return is_stopped_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct LsnWaiter {
        ClientId client = 0;
        Lsn lsn = 0;
        Clock::time_point begin;
        Clock::time_point deadline;
    };
    struct CheckpointWaiter {
        ClientId client = 0;
        uint64_t attempts = 0;  // of the checkpointer, at which it is answered
    };

    Daemon(DaemonOptions options, std::shared_ptr<WatchedKeyFile> keys,
           storage::RuntimeMapping page, ControlServer server);
    SyncHooks make_hooks();
    // Any thread: gives an arena to the dataplane.
    void hand_over(ChannelVerb verb, int fd, uint64_t generation) const;
    void ring() const;  // any thread: has the main thread look after those who wait
    Status open();
    void poll_once();
    void take_signals();
    void take_channel();
    void take_commit_connection(ChannelMessage& message);
    void take_mailbox_connection(ChannelMessage& message);
    void stop();
    Status start_queue_api();
    void start_compaction();

    void serve(ClientId client, const std::string& line);
    void serve_wait(ClientId client, const nlohmann::json& request);
    void serve_zone(ClientId client, const nlohmann::json& request);
    // Who is connected; with `kick`, their connections are closed, too.
    void serve_sessions(ClientId client, const nlohmann::json& request, bool kick);
    void answer_session_lists();
    void serve_compact(ClientId client, const nlohmann::json& request);
    void answer_compactions();
    void reply(ClientId client, nlohmann::json report);
    void reply_error(ClientId client, const Error& error);

    void answer_lsn_waiters();
    void answer_checkpoint_waiters();
    // Every worker of a living dataplane answers from the newest arenas.
    bool workers_are_current() const;
    int poll_timeout_ms() const;

    DaemonOptions options_;
    std::shared_ptr<WatchedKeyFile> keys_;  // of the sync thread, once that runs
    int64_t started_at_us_ = 0;
    TscClock tsc_;
    storage::RuntimeMapping page_;
    ControlServer server_;
    UniqueFd channel_;
    UniqueFd signals_;
    UniqueFd wake_;                              // an eventfd: the other threads have news
    std::unique_ptr<MailboxService> mailboxes_;  // outlives sync_, which tells it of changes
    std::unique_ptr<SyncService> sync_;
    std::unique_ptr<Checkpointer> checkpointer_;
    std::unique_ptr<CertificateKeeper> keeper_;
    std::unique_ptr<CommitService> commit_;
    std::unique_ptr<CompactionService> compaction_;  // null: there is no message log here
    std::unique_ptr<QueueApi> queue_api_;            // null: not served
    std::vector<LsnWaiter> lsn_waiters_;
    std::vector<CheckpointWaiter> checkpoint_waiters_;
    std::mutex answers_mutex_;
    std::vector<std::pair<ClientId, SessionList>> session_lists_;  // to be answered with
    std::vector<std::pair<ClientId, Result<CompactionReport>>> compactions_;
    bool is_committing_ = false;
    bool is_serving_mailboxes_ = false;
    bool is_stopping_ = false;
    bool is_stopped_ = true;
};

}  // namespace gatepost::controlplane
