// The one writer of an arena of mailboxes. Each call is one step to readers. What it replaced is
// let go of by reclaim(), when every reader has moved on.
//
// Not thread-safe: one thread owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/arena/qsbr.h"
#include "storage/arena/segment.h"
#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::storage {

struct MailboxIndexStats {
    uint64_t accounts = 0;
    uint64_t mailboxes = 0;  // whose status is there
    uint64_t resident = 0;   // whose messages are, too
    uint64_t messages = 0;
    uint64_t used_bytes = 0;     // everything up to the high-water mark
    uint64_t free_bytes = 0;     // reusable blocks below it
    uint64_t retired_bytes = 0;  // waiting for readers
    uint64_t size_max_bytes = 0;
    uint64_t keywords_left_out = 0;  // of messages, as their mailbox had kKeywordsMax of them
};

// A message as the database has it. `entry.keywords` and `entry.summary` are worked out from the
// other two members.
struct MailboxMessage {
    MailboxEntry entry;
    std::vector<std::string_view> keywords = {};
    // Encoded octets. Empty with entry.summary_size set: they come later (add_summaries()), or stay
    // as they are where the message is there already.
    Bytes summary = {};
};

// What a transaction did to a mailbox, or all of it.
struct MailboxUpdate {
    MailboxStatus status;                       // as it is after it
    std::vector<MailboxMessage> messages = {};  // new and changed ones, UIDs ascend
    std::vector<uint32_t> expunged = {};  // UIDs, ascending; those that are not there do no harm
};

class MailboxFilling;

class MailboxIndexWriter {
  public:
    // Takes the segment over and lays an empty arena out in it. `generation` names it to readers
    // and must grow from arena to arena. `qsbr` outlives the writer.
    static Result<std::unique_ptr<MailboxIndexWriter>> create(Segment segment, Qsbr& qsbr,
                                                              uint64_t generation);
    ~MailboxIndexWriter();

    // All of them refuse (refused) where the arena is full; what was there stays then. They refuse
    // (invalid) UIDs that do not ascend, and steps of mailboxes that are not resident.

    // The account's list. Names need not be sorted.
    Status put_account(uint64_t account_id, std::span<const MailboxListing> mailboxes);
    void remove_account(uint64_t account_id);

    // The status of a mailbox that is not resident. That of a resident one comes with its messages:
    // it stays as it is.
    Status put_status(const MailboxStatus& status);
    // All messages of a mailbox, which becomes resident.
    Status load(const MailboxUpdate& whole);
    // The same, in pieces that may come one after the other, with other steps between them. Where
    // one is refused, it may be put again, and so may the end; what was put is given back with the
    // filling, which is of no use any more once it has ended well. UIDs ascend from piece to piece.
    std::unique_ptr<MailboxFilling> begin_load();
    Status add(MailboxFilling& filling, std::span<const MailboxMessage> messages);
    Status end_load(MailboxFilling& filling, const MailboxStatus& status);
    // A step of a resident mailbox. Messages whose modseq is not above what is there are left as
    // they are, but for their place (segment, offset), which may have moved.
    Status apply(const MailboxUpdate& update);
    // Summaries of messages of a resident mailbox.
    Status add_summaries(uint64_t mailbox_id,
                         std::span<const std::pair<uint32_t, Bytes>> summaries);
    // Takes its messages away; the status stays. Needs no room.
    void evict(uint64_t mailbox_id);
    void remove_mailbox(uint64_t mailbox_id);

    void reclaim();

    MailboxIndexView view() const { return MailboxIndexView(segment_.data()); }
    MailboxIndexStats stats() const;
    // Octets that a mailbox's messages take.
    uint64_t octets_of(uint64_t mailbox_id) const;
    const Segment& segment() const { return segment_; }
    uint64_t generation() const;

  private:
    struct Parts;

    MailboxIndexWriter(Segment segment, Qsbr& qsbr, uint64_t generation);

    Segment segment_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace gatepost::storage
