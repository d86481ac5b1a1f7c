#include "storage/mailbox_index/mailbox_change.h"

#include <cstring>

namespace gatepost::storage {

MailboxChange::MailboxChange(uint8_t* base, BlockStep& step, const MailboxRecord& before)
    : base_(base),
      step_(step),
      before_(before),
      keywords_(base, &before),
      summary_bytes_(before.summary_bytes) {}

const MailboxEntry* MailboxChange::find(uint32_t uid) const {
    return MailboxView(base_, reinterpret_cast<const uint8_t*>(&before_)).find(uid);
}

bool MailboxChange::put(const MailboxUpdate& update) {
    changes_.reserve(update.messages.size() + update.expunged.size());
    auto gone = update.expunged.begin();
    for (const MailboxMessage& message : update.messages) {
        for (; gone != update.expunged.end() && *gone < message.entry.uid; ++gone) expunge(*gone);
        if (gone != update.expunged.end() && *gone == message.entry.uid) continue;
        if (!put(message)) return false;
    }
    for (; gone != update.expunged.end(); ++gone) expunge(*gone);
    return true;
}

bool MailboxChange::put(const MailboxMessage& message) {
    const MailboxEntry* known = find(message.entry.uid);
    EntryChange change{message.entry};
    MailboxEntry& entry = change.entry;
    if (known != nullptr && entry.modseq <= known->modseq) {
        if (entry.segment == known->segment && entry.offset == known->offset) return true;
        change.entry = *known;
        entry.segment = message.entry.segment;
        entry.offset = message.entry.offset;
        changes_.push_back(change);
        return true;
    }
    entry.keywords = keywords_.bits_of(message.keywords);
    entry.summary = 0;
    if (known != nullptr && known->summary != 0) {
        // A message does not change, and so does not what is said of its structure.
        entry.summary = known->summary;
        entry.summary_size = known->summary_size;
    } else if (!set_summary(entry, message.summary)) {
        return false;
    }
    changes_.push_back(change);
    return true;
}

void MailboxChange::expunge(uint32_t uid) {
    const MailboxEntry* known = find(uid);
    if (known == nullptr) return;
    EntryChange change;
    change.entry.uid = uid;
    change.gone = true;
    changes_.push_back(change);
    if (known->summary == 0) return;
    step_.drop(known->summary, known->summary_size);
    summary_bytes_ -= BlockStep::rounded(known->summary_size);
}

bool MailboxChange::set_summary(MailboxEntry& entry, Bytes summary) {
    if (summary.empty()) return true;
    entry.summary = step_.take(summary.size());
    if (entry.summary == 0) return false;
    entry.summary_size = static_cast<uint32_t>(summary.size());
    std::memcpy(at_ref<uint8_t>(base_, entry.summary), summary.data(), summary.size());
    summary_bytes_ += BlockStep::rounded(summary.size());
    return true;
}

bool MailboxChange::add_summaries(std::span<const std::pair<uint32_t, Bytes>* const> summaries) {
    changes_.reserve(summaries.size());
    for (const auto* summary : summaries) {
        const MailboxEntry* known = find(summary->first);
        if (known == nullptr || known->summary != 0 || summary->second.empty()) continue;
        if (!changes_.empty() && changes_.back().entry.uid == summary->first) continue;
        EntryChange change{*known};
        if (!set_summary(change.entry, summary->second)) return false;
        changes_.push_back(change);
    }
    return true;
}

bool MailboxChange::write(MailboxRecord& record) {
    record.summary_bytes = summary_bytes_;
    return keywords_.write(base_, step_, record) && write_chunks(record);
}

bool MailboxChange::write_chunks(MailboxRecord& record) {
    if (changes_.empty()) return true;  // the record has the chunks of the one before
    ChunkRewriter rewriter(base_, step_);
    const auto before = chunks_of(base_, before_);
    if (!rewriter.rewrite(before, changes_)) return false;
    step_.drop(before_.chunks, before.size_bytes());
    const auto chunks = rewriter.chunks();
    record.size = rewriter.size();
    record.chunk_bytes = rewriter.chunk_bytes();
    record.chunk_count = static_cast<uint32_t>(chunks.size());
    record.chunks = 0;
    if (chunks.empty()) return true;
    record.chunks = step_.take(chunks.size_bytes());
    if (record.chunks == 0) return false;
    std::memcpy(at_ref<uint8_t>(base_, record.chunks), chunks.data(), chunks.size_bytes());
    return true;
}

void drop_messages(const uint8_t* base, BlockStep& step, const MailboxRecord& record) {
    for (const ChunkRef& chunk : chunks_of(base, record)) {
        for (const MailboxEntry& entry : entries_of(base, chunk))
            step.drop(entry.summary, entry.summary_size);
        step.drop(chunk.block, chunk.capacity * sizeof(MailboxEntry));
    }
    step.drop(record.chunks, record.chunk_count * sizeof(ChunkRef));
    step.drop(record.keywords, record.keywords_bytes);
    step.drop(record.when_evicted, sizeof(MailboxRecord));
}

}  // namespace gatepost::storage
