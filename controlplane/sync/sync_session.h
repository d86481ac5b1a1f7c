// One connection's life: slot, snapshot, load, stream, until it breaks or is told to stop. Runs in
// the sync thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "controlplane/sync/loader.h"
#include "controlplane/sync/replication_stream.h"
#include "controlplane/sync/sync_board.h"
#include "controlplane/sync/transaction_decoder.h"
#include "controlplane/sync/zone_store.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::controlplane {

struct SyncOptions {
    std::string dsn;
    std::string publication = "gatepost";
    uint64_t arena_size_max = uint64_t{4} << 30;      // octets
    uint64_t directory_size_max = uint64_t{1} << 30;  // octets
    std::shared_ptr<WatchedKeyFile> keys;             // for the sync thread
    std::string server_name;  // whose certificate clients get that name none that is known
};

// Called in the sync thread.
struct SyncHooks {
    std::function<void(int fd, uint64_t generation)> arena_ready = [](int, uint64_t) {};
    std::function<void(int fd, uint64_t generation)> directory_ready = [](int, uint64_t) {};
    // A transaction has changed mailboxes, or closed accounts.
    std::function<void(std::vector<MailboxNotice>)> mailboxes_changed =
        [](std::vector<MailboxNotice>) {};
    // From now on every transaction is told; what was changed before may not have been.
    std::function<void()> stream_began = [] {};
    // More may be confirmed than before; called while set_probing(true) is in force.
    std::function<void()> progressed = [] {};
};

// How others reach into the sync thread.
struct SyncSignals {
    std::atomic<bool> stop{false};
    std::atomic<bool> probing{
        false};     // someone waits: ask the server at short intervals how far it is
    UniqueFd wake;  // an eventfd
};

class SyncSession {
  public:
    // `store` is what is served: the session replaces it once it has loaded.
    SyncSession(const SyncOptions& options, storage::RuntimePage& page, SyncBoard& board,
                const SyncHooks& hooks, SyncSignals& signals, std::unique_ptr<ZoneStore>& store)
        : options_(options),
          page_(page),
          board_(board),
          hooks_(hooks),
          signals_(signals),
          store_(store) {}

    // Why it ended. Code conflict: the connection is fine, the data have to be loaded anew. No
    // error: told to stop.
    Status run();
    bool has_streamed() const { return has_streamed_; }

  private:
    Status load(const ReplicationSlot& slot);
    uint64_t next_generation() const;
    Status stream(ReplicationStream& stream);
    // Takes what has arrived; at most kMessagesPerTurn messages. False: there is nothing more.
    Result<bool> take(ReplicationStream& stream);
    Status take_transaction(Bytes data);
    void tell_about_mailboxes();
    void take_keepalive(const StreamMessage& message);
    void hand_over(const LoadResult& loaded, Lsn lsn, double seconds);
    void confirm(Lsn lsn);
    Status check_fragmentation();

    const SyncOptions& options_;
    storage::RuntimePage& page_;
    SyncBoard& board_;
    const SyncHooks& hooks_;
    SyncSignals& signals_;
    std::unique_ptr<ZoneStore>& store_;
    TransactionDecoder decoder_;
    Lsn received_ = 0;
    Lsn confirmed_ = 0;
    int64_t loaded_at_us_ = 0;
    bool reply_requested_ = false;
    bool has_streamed_ = false;
};

}  // namespace gatepost::controlplane
