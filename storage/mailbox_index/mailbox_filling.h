// The messages of a mailbox that is being loaded, put into the arena piece by piece. Nobody sees
// them until the writer has linked them; what is not linked is given back.
//
// It is of the writer's thread, and the writer outlives it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/mailbox_index/block_step.h"
#include "storage/mailbox_index/keyword_bits.h"
#include "storage/mailbox_index/mailbox_index_writer.h"

namespace gatepost::storage {

class MailboxFilling {
  public:
    MailboxFilling(uint8_t* base, BlockAllocator& blocks, Qsbr& qsbr)
        : base_(base),
          blocks_(blocks),
          qsbr_(qsbr),
          step_(blocks, qsbr),
          keywords_(base, nullptr) {}

    uint32_t size() const { return size_; }  // messages
    uint32_t last_uid() const { return last_uid_; }
    uint64_t keywords_left_out() const { return keywords_.left_out(); }

    // Puts them behind those that are there, in chunks of their own: pieces of whole chunks leave
    // no room unused. UIDs ascend. False: the arena is full, and it is as before.
    bool add(std::span<const MailboxMessage> messages);
    // Completes `record`, whose head and status are set, with all of them. False: as above.
    bool write(BlockStep& step, MailboxRecord& record);
    // The record has been linked: they are the mailbox's from now on.
    void linked() { step_.done(); }

  private:
    // Each in a block that is there for it.
    void fill(ChunkRef& chunk, std::span<const MailboxMessage> messages,
              std::span<const Ref>& summaries);

    uint8_t* base_;
    BlockAllocator& blocks_;
    Qsbr& qsbr_;
    BlockStep step_;
    KeywordBits keywords_;
    std::vector<ChunkRef> chunks_;
    uint32_t size_ = 0;
    uint32_t last_uid_ = 0;
    uint64_t chunk_bytes_ = 0;
    uint64_t summary_bytes_ = 0;
};

}  // namespace gatepost::storage
