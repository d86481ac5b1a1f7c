// Requests that change mailboxes: what is there when a transaction ends is the next one (group
// commit). One that fails spoils only itself. Each is answered once it is committed, and the index
// shows it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "controlplane/mailboxes/account_lister.h"
#include "controlplane/mailboxes/mailbox_context.h"
#include "controlplane/mailboxes/mailbox_loader.h"
#include "controlplane/mailboxes/write_batch.h"

namespace gatepost::controlplane {

struct WriteCounters {
    uint64_t requests = 0;      // that were committed
    uint64_t refused = 0;       // that the database refused
    uint64_t unavailable = 0;   // that were not done because it is away
    uint64_t transactions = 0;  // that were committed
    uint64_t late = 0;          // that were not done because they had waited too long
    uint64_t locked = 0;        // that were not done because another had waited for the same lock
    uint64_t dropped = 0;       // that were not done because their worker was gone
    uint64_t repeats = 0;       // batches that were repeated one by one
    uint64_t conflicts = 0;
    uint64_t gaps = 0;           // mailboxes that were asked for because somebody else was faster
    uint64_t largest_batch = 0;  // requests
    uint64_t last_batch_us = 0;
};

class WriteQueue {
  public:
    using Clock = std::chrono::steady_clock;
    static constexpr size_t kWaitingMax = 16'384;  // requests, beyond which none are read

    struct Options {
        int32_t edge = 0;
        size_t batch_max = 512;  // requests of one transaction
    };

    WriteQueue(MailboxContext& context, DatabaseLink& changes, MailboxLoader& loader,
               AccountLister& lister, Options options)
        : context_(context),
          changes_(changes),
          loader_(loader),
          lister_(lister),
          options_(options) {}

    void add(PendingWrite request);
    // Begins a transaction, where none is under way, something waits, and nothing more is about to
    // come.
    void pump();
    // When it is to be pumped again, whatever comes.
    std::optional<Clock::time_point> due() const;
    // It is being changed by the transaction that is under way: what others say of it may be what
    // that one did.
    bool is_writing(uint64_t mailbox_id) const { return writing_.contains(mailbox_id); }
    // Takes a request whose mailbox has been loaded; it is to be added once more.
    void on_loaded(std::function<void(PendingWrite)> call) { loaded_ = std::move(call); }
    // Called when a transaction has ended.
    void on_finished(std::function<void()> call) { finished_ = std::move(call); }

    size_t waiting() const { return pending_.size(); }
    // Nothing waits, and no transaction is under way.
    bool is_idle() const { return !is_busy_ && pending_.empty(); }
    // Of what waits or is under way.
    template <typename Predicate>
    bool any_of(Predicate predicate) const {
        return std::ranges::any_of(pending_, predicate) ||
               (batch_ && std::ranges::any_of(*batch_, predicate));
    }
    const WriteCounters& counters() const { return counters_; }

  private:
    struct Outcome {
        std::vector<storage::MailboxReply> replies;  // of all requests, in their order
        struct Transaction {
            std::vector<size_t> requests;
            WriteStep step;
        };
        std::vector<Transaction> transactions;
        // Of each request that waited for a lock in vain: the mailboxes it asked for.
        std::vector<std::vector<uint64_t>> locked;
        WriteCounters counters;
    };
    // A transaction's replies go out when all that it waits for is there.
    struct Waiting;

    static Outcome execute(DatabaseSession& session, const std::vector<PendingWrite>& batch,
                           const MailboxWants& wants, int32_t edge);
    // Answers a request that is not to be begun; false: it is.
    static bool is_refused(const PendingWrite& request, storage::MailboxReply& reply,
                           Outcome& outcome);
    static void execute_some(DatabaseSession& session, const std::vector<PendingWrite>& batch,
                             std::vector<size_t> requests, const MailboxWants& wants, int32_t edge,
                             Outcome& outcome);
    static void discard(Outcome& outcome);
    void finish(const std::vector<PendingWrite>& batch, Outcome& outcome);
    // More is about to come: those who were answered ask again.
    bool gathers() const;
    void apply(const WriteStep& step, const std::shared_ptr<Waiting>& waiting);
    void apply_flags(const WriteStep& step, const storage::MailboxStatus& status,
                     const std::shared_ptr<Waiting>& waiting);
    void took(MailboxArena::Applied applied, const storage::MailboxStatus& status,
              const std::shared_ptr<Waiting>& waiting);
    // RFC 9051 §7.1, LIMIT: whether the keywords it adds fit.
    bool has_room_for_keywords(const storage::MailboxRequest& request);

    MailboxContext& context_;
    DatabaseLink& changes_;
    MailboxLoader& loader_;
    AccountLister& lister_;
    const Options options_;
    std::vector<PendingWrite> pending_;
    std::shared_ptr<const std::vector<PendingWrite>> batch_;  // of the transaction under way
    std::unordered_set<uint64_t> writing_;
    bool is_busy_ = false;
    size_t expected_ = 0;             // requests, as many as there were of late at the same time
    Clock::time_point gather_until_;  // at the latest
    Clock::time_point came_at_;       // when the last one came
    // Keywords that are new to a mailbox, of requests that are not answered yet.
    std::map<uint64_t, std::set<std::string>> planned_;
    std::function<void()> finished_ = [] {};
    std::function<void(PendingWrite)> loaded_ = [this](PendingWrite request) {
        add(std::move(request));
    };
    WriteCounters counters_;
};

}  // namespace gatepost::controlplane
