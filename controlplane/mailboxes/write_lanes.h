// Requests that change mailboxes, in two lanes with a connection to PostgreSQL each. Changes of
// very many messages take seconds and hold the locks of their accounts: they go one by one in the
// bulk lane, and so does everything about these accounts meanwhile. All others pass them by.
#pragma once

#include <cstdint>
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
    void on_finished(std::function<void()> call) { finished_ = std::move(call); }

    size_t waiting() const { return quick_.waiting() + bulk_.waiting(); }
    // Requests that took the bulk lane.
    uint64_t bulk_requests() const { return bulk_requests_; }
    // Of both; the last batch is the quick lane's.
    WriteCounters counters() const;

  private:
    // The owners of the mailboxes it is about, and the account it is about, as far as they are
    // known here: those whose locks it takes.
    std::vector<uint64_t> accounts_of(const storage::MailboxRequest& request) const;
    // Messages that it changes, as far as that is known here.
    uint64_t messages_of(const storage::MailboxRequest& request) const;
    std::optional<storage::MailboxStatus> status_of(uint64_t mailbox_id) const;

    MailboxContext& context_;
    WriteQueue quick_;
    WriteQueue bulk_;
    std::unordered_set<uint64_t> bulk_accounts_;  // of what is in the bulk lane
    uint64_t bulk_requests_ = 0;
    std::function<void()> finished_ = [] {};
};

}  // namespace gatepost::controlplane
