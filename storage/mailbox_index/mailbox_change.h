// A step of one mailbox: turns what the database says into changes of entries, and these into a new
// record beside the old one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/mailbox_index/block_step.h"
#include "storage/mailbox_index/chunk_rewriter.h"
#include "storage/mailbox_index/keyword_bits.h"
#include "storage/mailbox_index/mailbox_index_writer.h"

namespace gatepost::storage {

class MailboxChange {
  public:
    // `before`: the messages to begin with.
    MailboxChange(uint8_t* base, BlockStep& step, const MailboxRecord& before);

    // Each gives false where the arena is full. UIDs ascend.
    bool put(const MailboxUpdate& update);
    bool add_summaries(std::span<const std::pair<uint32_t, Bytes>* const> summaries);
    // Completes `record`, whose head and status are set, with the messages.
    bool write(MailboxRecord& record);

    uint64_t keywords_left_out() const { return keywords_.left_out(); }

  private:
    const MailboxEntry* find(uint32_t uid) const;
    bool put(const MailboxMessage& message);
    void expunge(uint32_t uid);
    bool set_summary(MailboxEntry& entry, Bytes summary);
    bool write_chunks(MailboxRecord& record);

    uint8_t* base_;
    BlockStep& step_;
    const MailboxRecord& before_;
    KeywordBits keywords_;
    std::vector<EntryChange> changes_;
    uint64_t summary_bytes_ = 0;
};

// Drops all that the messages of a mailbox take.
void drop_messages(const uint8_t* base, BlockStep& step, const MailboxRecord& record);

}  // namespace gatepost::storage
