// Requests that change mailboxes, in two lanes with a connection to PostgreSQL each. Changes of
// very many messages take seconds and hold the locks of their accounts: they go one by one in the
// bulk lane, and what is small and about these accounts waits for the one that is next or under
// way. All others pass them by.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_set>
#include <vector>

#include "controlplane/mailboxes/write_queue.h"

namespace gatepost::controlplane {

class WriteLanes {
  public:
    using Clock = WriteQueue::Clock;
    // A transaction of so many messages takes some tens of milliseconds, which others may wait.
    static constexpr uint64_t kBulkMessages = 1000;

    WriteLanes(MailboxContext& context, DatabaseLink& changes, DatabaseLink& bulk,
               MailboxLoader& loader, AccountLister& lister, int32_t edge);

    void add(PendingWrite request);
    // See WriteQueue.
    void pump();
    std::optional<Clock::time_point> due() const;
    bool is_writing(uint64_t mailbox_id) const {
        return quick_.is_writing(mailbox_id) || bulk_.is_writing(mailbox_id);
    }
    // Called when a transaction has ended.
    void on_finished(std::function<void()> call);

    size_t waiting() const {
        return quick_.waiting() + bulk_.waiting() + large_.size() + held_.size();
    }
    // Requests that took the bulk lane.
    uint64_t bulk_requests() const { return bulk_requests_; }
    // Of both; the last batch is the quick lane's.
    WriteCounters counters() const;

  private:
    // Hands the next large one over, once the quick lane has nothing more of its accounts.
    void begin_large();
    void release_held();
    bool is_reserved(const storage::MailboxRequest& request) const;
    // The owners of the mailboxes it is about, and the account it is about, as far as they are
    // known here: those whose locks it takes.
    std::vector<uint64_t> accounts_of(const storage::MailboxRequest& request) const;
    // Messages that it changes, as far as that is known here.
    uint64_t messages_of(const storage::MailboxRequest& request) const;
    std::optional<storage::MailboxStatus> status_of(uint64_t mailbox_id) const;

    MailboxContext& context_;
    WriteQueue quick_;
    WriteQueue bulk_;
    std::deque<PendingWrite> large_;         // that wait for the bulk lane
    std::deque<PendingWrite> held_;          // small ones of reserved accounts
    std::unordered_set<uint64_t> reserved_;  // accounts of the large one that is next or under way
    bool is_large_under_way_ = false;
    uint64_t bulk_requests_ = 0;
};

}  // namespace gatepost::controlplane
