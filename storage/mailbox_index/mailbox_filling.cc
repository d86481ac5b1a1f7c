#include "storage/mailbox_index/mailbox_filling.h"

#include <algorithm>
#include <cstring>

namespace gatepost::storage {

bool MailboxFilling::add(std::span<const MailboxMessage> messages) {
    // First all blocks: behind them nothing fails.
    BlockStep step(blocks_, qsbr_);
    std::vector<ChunkRef> chunks;
    for (size_t left = messages.size(); left != 0;) {
        ChunkRef& chunk = chunks.emplace_back();
        chunk.count = static_cast<uint16_t>(std::min(left, kChunkEntriesMax));
        chunk.capacity = chunk_capacity_for(chunk.count);
        chunk.block = step.take(chunk.capacity * sizeof(MailboxEntry));
        if (chunk.block == 0) return false;
        left -= chunk.count;
    }
    std::vector<Ref> summaries;
    for (const MailboxMessage& message : messages) {
        if (message.summary.empty()) continue;
        summaries.push_back(step.take(message.summary.size()));
        if (summaries.back() == 0) return false;
    }
    std::span<const Ref> places = summaries;
    for (ChunkRef& chunk : chunks) {
        fill(chunk, messages.first(chunk.count), places);
        messages = messages.subspan(chunk.count);
        chunks_.push_back(chunk);
    }
    keywords_.keep_names();
    step_.take_over(step);
    return true;
}

void MailboxFilling::fill(ChunkRef& chunk, std::span<const MailboxMessage> messages,
                          std::span<const Ref>& summaries) {
    auto* entry = at_ref<MailboxEntry>(base_, chunk.block);
    for (const MailboxMessage& message : messages) {
        *entry = message.entry;
        entry->keywords = keywords_.bits_of(message.keywords);
        entry->summary = 0;
        if (!message.summary.empty()) {
            entry->summary = summaries.front();
            entry->summary_size = static_cast<uint32_t>(message.summary.size());
            std::memcpy(at_ref<uint8_t>(base_, entry->summary), message.summary.data(),
                        message.summary.size());
            summary_bytes_ += BlockStep::rounded(message.summary.size());
            summaries = summaries.subspan(1);
        }
        chunk.modseq_max = std::max(chunk.modseq_max, entry->modseq);
        ++entry;
    }
    chunk.first_uid = messages.front().entry.uid;
    chunk.first_index = size_;
    size_ += chunk.count;
    last_uid_ = messages.back().entry.uid;
    chunk_bytes_ += chunk.capacity * sizeof(MailboxEntry);
}

bool MailboxFilling::write(BlockStep& step, MailboxRecord& record) {
    record.size = size_;
    record.chunk_bytes = chunk_bytes_;
    record.summary_bytes = summary_bytes_;
    record.chunk_count = static_cast<uint32_t>(chunks_.size());
    if (!keywords_.write(base_, step, record)) return false;
    if (chunks_.empty()) return true;
    const std::span<const ChunkRef> chunks = chunks_;
    record.chunks = step.take(chunks.size_bytes());
    if (record.chunks == 0) return false;
    std::memcpy(at_ref<uint8_t>(base_, record.chunks), chunks.data(), chunks.size_bytes());
    return true;
}

}  // namespace gatepost::storage
