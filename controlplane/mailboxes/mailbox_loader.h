// Has mailboxes in the index and keeps them there as the database has them: loads the messages,
// then, in slices, their summaries; asks for what has changed since.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "controlplane/mailboxes/later_looks.h"
#include "controlplane/mailboxes/mailbox_context.h"
#include "controlplane/mailboxes/mailbox_history.h"
#include "controlplane/mailboxes/whole_mailbox.h"

namespace gatepost::controlplane {

struct MailboxLoaderCounters {
    uint64_t loads = 0;
    uint64_t refreshes = 0;     // queries for changes
    uint64_t last_load_us = 0;  // of the last mailbox, from the request to the index
    uint64_t last_load_rows = 0;
};

class MailboxLoader {
  public:
    // Mailboxes that one query for changes asks for; fewer after one that failed, which may have
    // taken too long.
    static constexpr size_t kRefreshMax = 1000;

    // `reads` has short queries, `loads` those of whole mailboxes and of summaries.
    MailboxLoader(MailboxContext& context, DatabaseLink& reads, DatabaseLink& loads)
        : context_(context),
          reads_(reads),
          loads_(loads),
          history_(context, reads, loads,
                   // Not at once: `reads` may be told of it later.
                   [this](uint64_t id, bool) { ask_later(id); }) {}

    // Has the messages in the index.
    void open(uint64_t mailbox_id, Done done);
    // Has the summaries of these messages in the index, where there are some.
    void load_summaries(uint64_t mailbox_id, uint32_t first, uint32_t last, Done done);
    // Has the index show at least what the database has now.
    void refresh(uint64_t mailbox_id, Done done);
    // The mailbox is at least so far.
    void notice(uint64_t mailbox_id, uint64_t modseq);
    // As the database has it; none: gone. Tells the workers, and asks for what is missing.
    void take_status(const storage::MailboxStatus& status);
    void take_gone(uint64_t mailbox_id);
    // The replication stream, which may come from another server still, says that it is gone: it is
    // looked for, at once and when every transaction sees that: see kLooksAsTold.
    void look_for(uint64_t mailbox_id) {
        if (context_.arena->modseq_of(mailbox_id) == 0) return;
        refresh(mailbox_id, {});
        looked_for_.add(mailbox_id, MailboxArena::Clock::now());
    }
    // Compares all that are in the index with the database, once `checked` was told that it may be
    // followed.
    void compare_all(std::function<void()> checked);
    // Asks for what refresh() and the like have gathered.
    void pump();
    // When pump() has to be called, where something waits to be asked for again.
    std::optional<MailboxArena::Clock::time_point> due() const;

    const MailboxLoaderCounters& counters() const { return counters_; }
    // Which the database went back behind what it had told of them.
    uint64_t mailboxes_lost() const { return history_.mailboxes_lost(); }

  private:
    static constexpr std::array<std::chrono::milliseconds, 1> kOnceMore = {kAskAgain};

    using Seen = std::unordered_map<uint64_t, storage::MailboxStatus>;
    // A modseq that the replication stream has told, and the index does not show.
    struct Noticed {
        uint64_t modseq = 0;
        MailboxArena::Clock::time_point since = MailboxArena::Clock::now();
    };
    // A mailbox that is being loaded. `loads` reads one after the other, so that one at most takes
    // room in the arena.
    struct Opening {
        std::vector<Done> waiters;
        // Null: it did not fit.
        std::unique_ptr<storage::MailboxFilling> filling;
        // What sessions had seen of it before.
        std::optional<storage::MailboxStatus> seen;
        MailboxArena::Clock::time_point begin = MailboxArena::Clock::now();
    };
    using LoadedStatus = tl::expected<std::optional<storage::MailboxStatus>, PipelineFailure>;
    struct SummaryRange {
        uint64_t mailbox_id = 0;
        uint32_t first = 0;
        uint32_t last = 0;
    };
    struct Changes {
        std::vector<uint64_t> mailboxes;
        Seen seen;  // of them, when they were asked for
        std::vector<storage::MailboxStatus> statuses;
        std::vector<MailboxDelta> deltas;
    };

    // In the thread of the connection.
    LoadedStatus read_whole(DatabaseSession& session, uint64_t mailbox_id);
    void take_piece(uint64_t mailbox_id, const MailboxPiece& piece);
    void take_load(uint64_t mailbox_id, const LoadedStatus& status);
    // Puts what was read into the index.
    Answer end_load(uint64_t mailbox_id, Opening& opening, const LoadedStatus& status);
    Seen seen_of(std::span<const uint64_t> mailboxes) const;
    // False: the database has gone back, or is not as far yet as the replication stream was: the
    // status is not to be used.
    bool is_sound(const Seen& seen, const storage::MailboxStatus& status);
    std::map<uint64_t, std::vector<Done>> take_stale();
    void take_changes(const Changes& changes);
    // These are asked for again, after a pause, unless the database is away.
    void ask_again(std::span<const uint64_t> mailboxes, const PipelineFailure& failure);
    // Once, after a pause.
    void ask_later(uint64_t mailbox_id) { late_.add(mailbox_id, MailboxArena::Clock::now()); }
    void compare(std::vector<uint64_t> mailboxes);
    // The newest messages of the range that lack a summary, as many as a slice has.
    std::optional<SummaryRange> next_slice(uint64_t mailbox_id, uint32_t first,
                                           uint32_t last) const;
    void load_slice(const SummaryRange& slice, std::function<void(bool)> then);
    void go_on_with_summaries();

    MailboxContext& context_;
    DatabaseLink& reads_;
    DatabaseLink& loads_;
    MailboxHistory history_;
    std::map<uint64_t, Opening> opening_;
    std::map<uint64_t, std::vector<Done>> stale_;  // to be refreshed
    std::map<uint64_t, Noticed> noticed_;
    LaterLooks late_{kOnceMore};           // to be refreshed, and not at once
    LaterLooks looked_for_{kLooksAsTold};  // the same, while they are known
    std::map<uint64_t, uint64_t> behind_;  // modseqs that the database did not show: to look again
    uint64_t last_asked_ = 0;  // one that cannot be read does not keep those behind it waiting
    size_t asked_max_ = kRefreshMax;
    MailboxArena::Clock::time_point ask_again_at_{};
    bool is_refreshing_ = false;
    // Where summaries are to be loaded still: a slice at a time, so that others wait for one at
    // most.
    std::deque<SummaryRange> background_;
    bool is_loading_summaries_ = false;
    MailboxLoaderCounters counters_;
};

}  // namespace gatepost::controlplane
