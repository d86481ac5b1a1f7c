// Requests that change mailboxes as the statements of one transaction, and what these give as
// replies and as steps of the index.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controlplane/mailboxes/mailbox_rows.h"
#include "storage/mailbox_frames/mailbox_reply.h"
#include "storage/mailbox_frames/mailbox_request.h"

namespace gatepost::controlplane {

struct PendingWrite {
    uint64_t peer = 0;
    uint64_t sequence = 0;
    storage::MailboxRequest request;
    unsigned attempts = 0;
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
};

bool is_write(const storage::MailboxRequest& request);
// About messages alone. The others are transactions of their own: which accounts they lock is not
// known before, and two that lock in different orders wait for one another.
bool is_about_messages(const storage::MailboxRequest& request);
// Mailboxes whose messages it changes, or which it removes or renames.
std::vector<uint64_t> touched_mailboxes(const storage::MailboxRequest& request);

// A message whose flags a request addressed, as it is after it.
struct FlagRow {
    uint64_t mailbox_id = 0;
    uint32_t uid = 0;
    uint64_t modseq = 0;
    uint8_t flags = 0;
    std::vector<std::string_view> keywords;  // of the step's rows
};

// What a transaction did to mailboxes.
struct WriteStep {
    std::vector<uint64_t> touched;
    std::vector<storage::MailboxStatus> statuses;  // of those of `touched` that are there
    // Those whose last change is this transaction's, as far as flags go: nobody else came between.
    std::unordered_set<uint64_t> stored;
    std::vector<FlagRow> flags;
    std::vector<MailboxDelta> deltas;  // of mailboxes in which more than flags changed
    std::vector<uint64_t> owners;      // accounts whose mailboxes are others than before
    std::vector<uint64_t> shared;      // mailboxes that others may have seen, or see now
    std::shared_ptr<const std::vector<PgResult>> rows;
};

// Of each mailbox in the index: from which state on changes are wanted.
using MailboxWants = std::unordered_map<uint64_t, MailboxWant>;

class WriteBatch {
  public:
    // `requests` outlive the batch. `edge` is the host whose message log has the bodies.
    WriteBatch(std::span<const PendingWrite* const> requests, const MailboxWants& wants,
               int32_t edge);

    std::span<const PipelineQuery> queries() const { return queries_; }
    // Of the results of the queries: a reply for each request, in their order.
    std::vector<storage::MailboxReply> take(std::vector<PgResult> results, WriteStep& step) const;

  private:
    void add_locks();
    void add_stores();
    void add_appends();
    // Several of its kind are one statement.
    static bool is_together(const storage::MailboxRequest& request);
    void add(const storage::ExpungeMessages& request);
    void add(const storage::CopyMessages& request);
    void add(const storage::AppendMessages& request);
    void add(const storage::CreateMailbox& request);
    void add(const storage::DeleteMailbox& request);
    void add(const storage::RenameMailbox& request);
    void add(const storage::SubscribeMailbox& request);
    void add(const storage::SetMetadata& request);
    void add(const storage::SetAcl& request);
    void add(const storage::MakeUrlKey& request);
    void add(const storage::ResetUrlKeys& request);
    template <typename Other>
    void add(const Other&) {}  // no request that writes
    void touch(uint64_t mailbox_id, bool flags_alone);
    PipelineQuery& query(std::string_view sql);

    void take_stores(const PgResult& rows, std::vector<storage::MailboxReply>& replies,
                     WriteStep& step) const;
    void take_appends(const PgResult& rows, std::vector<storage::MailboxReply>& replies) const;

    std::span<const PendingWrite* const> requests_;
    const int32_t edge_;
    std::vector<PipelineQuery> queries_;
    std::vector<size_t> places_;    // of each request: its query
    std::vector<size_t> stores_;    // requests to store flags, in the order of the query
    std::vector<size_t> appends_;   // requests to append, in the order of the query
    std::vector<uint64_t> owned_;   // mailboxes whose owners' lists change
    std::vector<uint64_t> owners_;  // accounts whose lists change
    std::vector<uint64_t> touched_;
    std::unordered_map<uint64_t, bool> flags_alone_;  // of the touched ones
    std::vector<MailboxWant> wants_;
    size_t delta_place_ = 0;
    size_t stored_place_ = 0;
};

}  // namespace gatepost::controlplane
