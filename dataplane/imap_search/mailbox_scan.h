// Ways to a mailbox's messages that are common to SEARCH, SORT and THREAD.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/imap_search/search.h"
#include "dataplane/imap_search/summary_view.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

// Counts what a search has cost its worker: whoever else it serves waits as long.
class WorkMeter {
  public:
    // Nanoseconds, rough ones: they set how often others get their turn, nothing else.
    static constexpr uint64_t kEntry = 40;
    static constexpr uint64_t kSummary = 300;
    static constexpr uint64_t kOctet = 2;
    static constexpr uint64_t kTurn = 20'000'000;

    // True: it is time for Progress.
    bool spend(uint64_t ns) {
        spent_ns_ += ns;
        return spent_ns_ >= kTurn;
    }
    void begin_turn() { spent_ns_ = 0; }

  private:
    uint64_t spent_ns_ = 0;
};

// The mailbox as it is now, with its messages; nullopt: it is not in the index.
std::optional<storage::MailboxView> resident_mailbox(const SearchScope& scope);
// The same; where it is not there, it is brought into the index. nullopt: it cannot be. Holds until
// the next suspension: whatever is looked up later may have been evicted.
Task<std::optional<storage::MailboxView>> open_mailbox(const SearchScope& scope);
// Has summaries of these brought into the index; whoever asked looks whether they are there.
Task<bool> load_summaries(const SearchScope& scope, const std::vector<uint32_t>& uids);

// Reads a message from its beginning to its end and makes the summary that the index does not have.
// Empty: it could not be read. Memory does not grow with the message.
Task<std::vector<uint8_t>> summarize(const SearchScope& scope, storage::BodyLocation body);
// The same of a message that lies in memory.
std::vector<uint8_t> summarize(Bytes message, const Charsets& charsets);

// Of a message that could not be read: `ok` where it is in the mailbox no more, else `unreadable`.
SearchStatus lost_message(const SearchScope& scope, uint32_t uid);

// Summaries of messages that are to be had anyhow, those that are not in the index as well.
class SummaryVisitor {
  public:
    // Once for each message that is still there, in any order. Nothing of it outlives the call.
    virtual void on_summary(const storage::MailboxEntry& entry, SummaryView& summary) = 0;

  protected:
    ~SummaryVisitor() = default;
};
// `uids` ascend.
Task<SearchStatus> visit_summaries(const SearchScope& scope, const std::vector<uint32_t>& uids,
                                   SummaryVisitor& visitor);

// Says `ok`, `ended` (by Progress).
Task<SearchStatus> report_progress(const SearchScope& scope, uint32_t done);

inline constexpr uint64_t kNoMoreUids = UINT64_MAX;

// Calls `visit` with each message whose UID is in `uids` and not below `from`, until it gives
// false. Gives the UID to go on from, or kNoMoreUids.
template <typename Visit>
uint64_t visit_messages(const storage::MailboxView& mailbox, const storage::UidSet& uids,
                        uint64_t from, Visit visit) {
    auto range = std::ranges::lower_bound(uids, from, {}, &storage::UidRange::last);
    size_t chunk_index = 0;
    const size_t chunks = mailbox.chunk_count();
    while (range != uids.end()) {
        const uint64_t first = std::max<uint64_t>(from, range->first);
        // The first chunk that reaches so far.
        size_t end = chunks;
        while (chunk_index < end) {
            const size_t middle = chunk_index + (end - chunk_index) / 2;
            if (mailbox.chunk(middle).entries.back().uid < first)
                chunk_index = middle + 1;
            else
                end = middle;
        }
        if (chunk_index == chunks) return kNoMoreUids;
        const auto entries = mailbox.chunk(chunk_index).entries;
        auto entry = std::ranges::lower_bound(entries, first, {}, &storage::MailboxEntry::uid);
        for (; entry != entries.end() && entry->uid <= range->last; ++entry) {
            if (!visit(*entry)) return uint64_t{entry->uid} + 1;
        }
        from = uint64_t{entry == entries.end() ? entries.back().uid : range->last} + 1;
        if (from > range->last) ++range;
    }
    return kNoMoreUids;
}

}  // namespace gatepost::dataplane
