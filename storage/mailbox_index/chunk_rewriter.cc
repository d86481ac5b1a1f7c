#include "storage/mailbox_index/chunk_rewriter.h"

#include <algorithm>
#include <cstring>

namespace gatepost::storage {

namespace {

uint32_t uid_of(const EntryChange& change) {
    return change.entry.uid;
}

}  // namespace

bool ChunkRewriter::rewrite(std::span<const ChunkRef> before,
                            std::span<const EntryChange> changes) {
    chunks_.reserve(before.size() + changes.size() / kChunkEntriesMerged + 2);
    for (size_t i = 0; i < before.size(); ++i) {
        // What is below the next chunk belongs to this one; behind the last one it is appended.
        const uint64_t end = i + 1 < before.size()
                                 ? before[i + 1].first_uid
                                 : uint64_t{entries_of(base_, before[i]).back().uid} + 1;
        size_t count = 0;
        while (count < changes.size() && uid_of(changes[count]) < end) ++count;
        if (count == 0)
            keep(before[i]);
        else
            change(before[i], changes.first(count));
        changes = changes.subspan(count);
    }
    append(changes);
    flush();
    number();
    return !full_;
}

void ChunkRewriter::keep(const ChunkRef& chunk) {
    if (!pending_.empty() && pending_.size() + chunk.count <= kChunkEntriesMerged) {
        change(chunk, {});
        return;
    }
    flush();
    chunks_.push_back(chunk);
}

// Puts the chunk's entries, as they are to be, behind those that are pending.
void ChunkRewriter::change(const ChunkRef& chunk, std::span<const EntryChange> changes) {
    if (pending_.size() >= kChunkEntriesMerged) flush();
    for (const MailboxEntry& entry : entries_of(base_, chunk)) {
        for (; !changes.empty() && uid_of(changes.front()) < entry.uid;
             changes = changes.subspan(1))
            if (!changes.front().gone) pending_.push_back(changes.front().entry);
        if (changes.empty() || uid_of(changes.front()) != entry.uid) {
            pending_.push_back(entry);
            continue;
        }
        if (!changes.front().gone) pending_.push_back(changes.front().entry);
        changes = changes.subspan(1);
    }
    for (const EntryChange& change : changes)
        if (!change.gone) pending_.push_back(change.entry);
    drop(chunk);
}

void ChunkRewriter::append(std::span<const EntryChange> changes) {
    if (pending_.empty() && !chunks_.empty()) changes = append_in_place(changes);
    for (const EntryChange& change : changes) {
        if (change.gone) continue;
        if (pending_.size() >= kChunkEntriesMax) flush();
        pending_.push_back(change.entry);
    }
}

// No record that readers may have counts the entries that are written here. Gives the changes that
// there was no room for.
std::span<const EntryChange> ChunkRewriter::append_in_place(std::span<const EntryChange> changes) {
    ChunkRef& last = chunks_.back();
    auto* entries = at_ref<MailboxEntry>(base_, last.block);
    for (; !changes.empty(); changes = changes.subspan(1)) {
        const EntryChange& change = changes.front();
        if (change.gone) continue;
        if (last.count == last.capacity) break;
        entries[last.count++] = change.entry;
        last.modseq_max = std::max(last.modseq_max, change.entry.modseq);
    }
    // Into a larger block.
    if (!changes.empty() && last.capacity < kChunkEntriesMax) absorb_last();
    return changes;
}

// Makes the last chunk's entries pending ones, in front of those that are.
void ChunkRewriter::absorb_last() {
    const ChunkRef last = chunks_.back();
    const auto entries = entries_of(base_, last);
    pending_.insert(pending_.begin(), entries.begin(), entries.end());
    drop(last);
    chunks_.pop_back();
}

void ChunkRewriter::flush() {
    if (pending_.empty()) return;
    if (!chunks_.empty() && chunks_.back().count + pending_.size() <= kChunkEntriesMerged)
        absorb_last();
    const size_t pieces = (pending_.size() + kChunkEntriesMax - 1) / kChunkEntriesMax;
    for (size_t i = 0; i < pieces; ++i) {
        const size_t begin = pending_.size() * i / pieces;
        const size_t end = pending_.size() * (i + 1) / pieces;
        emit(std::span(pending_).subspan(begin, end - begin));
    }
    pending_.clear();
}

void ChunkRewriter::emit(std::span<const MailboxEntry> entries) {
    ChunkRef chunk;
    chunk.capacity = chunk_capacity_for(entries.size());
    // Once it is full, what comes is thrown away as a whole.
    if (!full_) chunk.block = step_.take(chunk.capacity * sizeof(MailboxEntry));
    full_ |= chunk.block == 0;
    if (full_) return;
    chunk.count = static_cast<uint16_t>(entries.size());
    chunk.first_uid = entries.front().uid;
    for (const MailboxEntry& entry : entries)
        chunk.modseq_max = std::max(chunk.modseq_max, entry.modseq);
    std::memcpy(at_ref<uint8_t>(base_, chunk.block), entries.data(), entries.size_bytes());
    chunks_.push_back(chunk);
}

void ChunkRewriter::number() {
    for (ChunkRef& chunk : chunks_) {
        chunk.first_index = size_;
        size_ += chunk.count;
        chunk_bytes_ += chunk.capacity * sizeof(MailboxEntry);
    }
}

void ChunkRewriter::drop(const ChunkRef& chunk) {
    step_.drop(chunk.block, chunk.capacity * sizeof(MailboxEntry));
}

}  // namespace gatepost::storage
