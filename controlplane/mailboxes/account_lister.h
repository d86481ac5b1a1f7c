// Keeps the lists of accounts' mailboxes: loads them, and again when mailboxes come, go, or get
// other names.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "controlplane/mailboxes/later_looks.h"
#include "controlplane/mailboxes/mailbox_context.h"
#include "controlplane/sync/mailbox_notice.h"

namespace gatepost::controlplane {

class AccountLister {
  public:
    using TakeStatuses = std::function<void(std::span<const storage::MailboxStatus>)>;

    // `take_statuses` gets those of all mailboxes in the lists.
    AccountLister(MailboxContext& context, DatabaseLink& reads, TakeStatuses take_statuses)
        : context_(context), reads_(reads), take_statuses_(std::move(take_statuses)) {}

    // Has the account's list in the index.
    void open(uint64_t account_id, Done done);
    // The lists of those that see mailboxes of these owners, or these mailboxes, are not as they
    // were; those in the index are loaded again.
    void relist(std::span<const uint64_t> owners, std::span<const uint64_t> mailboxes, Done done);
    // The same on the stream's word, and some times more: see kLooksAsTold.
    void relist_as_told(std::span<const uint64_t> owners, std::span<const uint64_t> mailboxes);
    // A mailbox came, went or changed: lists that are being loaded may lack it.
    void distrust_loads();
    // All that are in the index.
    void relist_all();
    // Whether the lists that have the mailbox show it as it is.
    bool shows(const MailboxRow& row) const;
    // Asks for what relist() has gathered.
    void pump();
    // When pump() has to be called, where something waits to be asked for again.
    std::optional<std::chrono::steady_clock::time_point> due() const;

  private:
    // The viewers of these are asked for again, after a pause, unless the database is away.
    void ask_again(std::span<const uint64_t> owners, std::span<const uint64_t> mailboxes,
                   const PipelineFailure& failure);
    // `waiters` are told at the end; an account that is gone is so to those of open().
    void load(std::vector<uint64_t> accounts, std::vector<Done> waiters);
    void take(const AccountLists& lists);
    Answer put(const AccountList& list);

    MailboxContext& context_;
    DatabaseLink& reads_;
    const TakeStatuses take_statuses_;
    std::map<uint64_t, std::vector<Done>> opening_;
    std::set<uint64_t> distrusted_;  // of them
    std::set<uint64_t> owners_;      // whose viewers' lists are to be loaded again
    std::set<uint64_t> mailboxes_;   // the same
    std::vector<Done> waiters_;
    std::chrono::steady_clock::time_point ask_again_at_{};
    LaterLooks later_owners_{kLooksAsTold};
    LaterLooks later_mailboxes_{kLooksAsTold};
    bool is_asking_ = false;
};

}  // namespace gatepost::controlplane
