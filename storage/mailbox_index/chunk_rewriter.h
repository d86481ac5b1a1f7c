// Makes the list of a mailbox's chunks as it is after a step from the list before it. Chunks that
// nothing happens to are in both.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/mailbox_index/block_step.h"
#include "storage/mailbox_index/mailbox_index_header.h"

namespace gatepost::storage {

struct EntryChange {
    MailboxEntry entry;  // as it is to be; of one that goes only the UID counts
    bool gone = false;
};

class ChunkRewriter {
  public:
    ChunkRewriter(uint8_t* base, BlockStep& step) : base_(base), step_(step) {}

    // UIDs of `changes` ascend. False: the arena is full.
    bool rewrite(std::span<const ChunkRef> before, std::span<const EntryChange> changes);

    // The result, with the entries' places in the mailbox.
    std::span<const ChunkRef> chunks() const { return chunks_; }
    uint32_t size() const { return size_; }  // entries
    uint64_t chunk_bytes() const { return chunk_bytes_; }

  private:
    void keep(const ChunkRef& chunk);
    void change(const ChunkRef& chunk, std::span<const EntryChange> changes);
    void append(std::span<const EntryChange> changes);
    std::span<const EntryChange> append_in_place(std::span<const EntryChange> changes);
    void absorb_last();
    void flush();
    void emit(std::span<const MailboxEntry> entries);
    void number();
    void drop(const ChunkRef& chunk);

    uint8_t* base_;
    BlockStep& step_;
    std::vector<ChunkRef> chunks_;
    std::vector<MailboxEntry> pending_;  // behind them, not in a block yet
    uint32_t size_ = 0;
    uint64_t chunk_bytes_ = 0;
    bool full_ = false;
};

}  // namespace gatepost::storage
