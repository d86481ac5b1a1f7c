#include "storage/mailbox_index/mailbox_index_writer.h"

#include <sys/random.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>

#include "storage/arena/slot_table_writer.h"
#include "storage/mailbox_index/account_record.h"
#include "storage/mailbox_index/mailbox_change.h"
#include "storage/mailbox_index/mailbox_filling.h"

namespace gatepost::storage {

struct MailboxIndexWriter::Parts {
    Parts(Segment& segment_of_writer, Qsbr& qsbr_of_arena, uint64_t generation)
        : segment(segment_of_writer),
          qsbr(qsbr_of_arena),
          blocks(segment, qsbr),
          header(new (segment.data()) MailboxIndexHeader{}),
          slots(segment, blocks, header->table) {
        header->image.magic = kMailboxIndexMagic;
        header->image.format_version = kMailboxIndexFormatVersion;
        header->image.generation = generation;
    }

    uint8_t* base() { return segment.data(); }
    uint32_t tag(MailboxRecordKind kind, uint64_t id) const {
        return tag_of(header->secret(), kind, id);
    }
    std::atomic<Slot>* find(MailboxRecordKind kind, uint64_t id) {
        return slots.find(tag(kind, id),
                          [&](Ref ref) { return at_ref<RecordHead>(base(), ref)->is(kind, id); });
    }
    template <typename Record>
    const Record* record_at(const std::atomic<Slot>* slot) {
        if (slot == nullptr) return nullptr;
        return at_ref<Record>(base(), slot_ref(slot->load(std::memory_order_relaxed)));
    }
    Status full() const {
        return fail(ErrorCode::refused,
                    "the mailbox index is full at {} MiB, with {} mailboxes and {} messages",
                    segment.size() >> 20, mailboxes, messages);
    }

    bool reserve();
    void link(std::atomic<Slot>* slot, MailboxRecordKind kind, uint64_t id, Ref record);
    Ref put_record(BlockStep& step, const void* record, size_t size);
    Status replace(BlockStep& step, std::atomic<Slot>* slot, const MailboxRecord& record);
    void unlink(BlockStep& step, std::atomic<Slot>* slot);

    Segment& segment;
    Qsbr& qsbr;
    BlockAllocator blocks;
    MailboxIndexHeader* header;
    SlotTableWriter slots;
    uint64_t last_serial = 0;
    uint64_t accounts = 0;
    uint64_t mailboxes = 0;
    uint64_t resident = 0;
    uint64_t messages = 0;
    uint64_t keywords_left_out = 0;
};

bool MailboxIndexWriter::Parts::reserve() {
    if (slots.reserve(true)) return true;
    qsbr.advance();
    blocks.reclaim();
    return slots.reserve(true);
}

Ref MailboxIndexWriter::Parts::put_record(BlockStep& step, const void* record, size_t size) {
    const Ref block = step.take(size);
    if (block != 0) std::memcpy(at_ref<uint8_t>(base(), block), record, size);
    return block;
}

// The one store that makes a step visible: the record, and all that it refers to, are written.
void MailboxIndexWriter::Parts::link(std::atomic<Slot>* slot, MailboxRecordKind kind, uint64_t id,
                                     Ref record) {
    if (slot == nullptr)
        slots.insert(tag(kind, id), record);
    else
        slot->store(make_slot(tag(kind, id), record), std::memory_order_release);
}

Status MailboxIndexWriter::Parts::replace(BlockStep& step, std::atomic<Slot>* slot,
                                          const MailboxRecord& record) {
    const auto* before = record_at<MailboxRecord>(slot);
    if (slot == nullptr && !reserve()) return full();
    const Ref block = put_record(step, &record, sizeof record);
    if (block == 0) return full();
    const bool was_resident = before != nullptr && before->is_resident();
    messages += record.size;
    messages -= was_resident ? before->size : 0;
    resident += record.is_resident() ? 1 : 0;
    resident -= was_resident ? 1 : 0;
    mailboxes += before == nullptr ? 1 : 0;
    if (before != nullptr) {
        const Ref was = slot_ref(slot->load(std::memory_order_relaxed));
        step.drop(was, sizeof(MailboxRecord));
    }
    link(slot, MailboxRecordKind::mailbox, record.head.id, block);
    step.done();
    return {};
}

void MailboxIndexWriter::Parts::unlink(BlockStep& step, std::atomic<Slot>* slot) {
    const Ref block = slot_ref(slot->load(std::memory_order_relaxed));
    step.drop(block, at_ref<RecordHead>(base(), block)->size_bytes);
    slots.remove(slot);
    step.done();
}

namespace {

MailboxRecord record_of(const MailboxStatus& status) {
    MailboxRecord record;
    record.head = {.id = status.mailbox_id,
                   .size_bytes = sizeof(MailboxRecord),
                   .kind = MailboxRecordKind::mailbox};
    record.status = status;
    return record;
}

bool ascends(std::span<const MailboxMessage> messages) {
    return std::adjacent_find(messages.begin(), messages.end(), [](const auto& a, const auto& b) {
               return a.entry.uid >= b.entry.uid;
           }) == messages.end();
}

Status check_order(const MailboxUpdate& update) {
    const auto& expunged = update.expunged;
    if (ascends(update.messages) && std::adjacent_find(expunged.begin(), expunged.end(),
                                                       std::greater_equal<>()) == expunged.end())
        return {};
    return fail(ErrorCode::invalid, "the UIDs of an update of mailbox {} do not ascend",
                update.status.mailbox_id);
}

Status not_resident(uint64_t mailbox_id) {
    return fail(ErrorCode::invalid, "the messages of mailbox {} are not in the index; load it",
                mailbox_id);
}

}  // namespace

MailboxIndexWriter::MailboxIndexWriter(Segment segment, Qsbr& qsbr, uint64_t generation)
    : segment_(std::move(segment)), parts_(std::make_unique<Parts>(segment_, qsbr, generation)) {}

MailboxIndexWriter::~MailboxIndexWriter() = default;

Result<std::unique_ptr<MailboxIndexWriter>> MailboxIndexWriter::create(Segment segment, Qsbr& qsbr,
                                                                       uint64_t generation) {
    std::unique_ptr<MailboxIndexWriter> writer(
        new MailboxIndexWriter(std::move(segment), qsbr, generation));
    auto& secret = writer->parts_->header->hash_secret;
    if (::getrandom(secret, sizeof secret, 0) != static_cast<ssize_t>(sizeof secret))
        return fail(ErrorCode::refused,
                    "the kernel gives no random octets for the mailbox index's hash");
    if (!writer->parts_->slots.lay_out(0)) return tl::unexpected(writer->parts_->full().error());
    return writer;
}

Status MailboxIndexWriter::put_account(uint64_t account_id,
                                       std::span<const MailboxListing> mailboxes) {
    Parts& parts = *parts_;
    std::vector<uint8_t> octets = make_account_record(account_id, mailboxes);
    auto& record = *reinterpret_cast<AccountRecord*>(octets.data());
    std::atomic<Slot>* slot = parts.find(MailboxRecordKind::account, account_id);
    const auto* before = parts.record_at<AccountRecord>(slot);
    if (before != nullptr) {
        record.serial = before->serial;
        if (before->head.size_bytes == octets.size() &&
            std::memcmp(before, octets.data(), octets.size()) == 0)
            return {};
    } else if (!parts.reserve()) {
        return parts.full();
    }
    record.serial = parts.last_serial + 1;
    BlockStep step(parts.blocks, parts.qsbr);
    const Ref block = parts.put_record(step, octets.data(), octets.size());
    if (block == 0) return parts.full();
    ++parts.last_serial;
    if (before == nullptr)
        ++parts.accounts;
    else
        step.drop(slot_ref(slot->load(std::memory_order_relaxed)), before->head.size_bytes);
    parts.link(slot, MailboxRecordKind::account, account_id, block);
    step.done();
    return {};
}

void MailboxIndexWriter::remove_account(uint64_t account_id) {
    std::atomic<Slot>* slot = parts_->find(MailboxRecordKind::account, account_id);
    if (slot == nullptr) return;
    BlockStep step(parts_->blocks, parts_->qsbr);
    parts_->unlink(step, slot);
    --parts_->accounts;
}

Status MailboxIndexWriter::put_status(const MailboxStatus& status) {
    std::atomic<Slot>* slot = parts_->find(MailboxRecordKind::mailbox, status.mailbox_id);
    const auto* before = parts_->record_at<MailboxRecord>(slot);
    if (before != nullptr && before->is_resident()) return {};
    BlockStep step(parts_->blocks, parts_->qsbr);
    return parts_->replace(step, slot, record_of(status));
}

Status MailboxIndexWriter::load(const MailboxUpdate& whole) {
    MailboxFilling filling(parts_->base(), parts_->blocks, parts_->qsbr);
    if (Status ok = add(filling, whole.messages); !ok) return ok;
    return end_load(filling, whole.status);
}

std::unique_ptr<MailboxFilling> MailboxIndexWriter::begin_load() {
    return std::make_unique<MailboxFilling>(parts_->base(), parts_->blocks, parts_->qsbr);
}

Status MailboxIndexWriter::add(MailboxFilling& filling, std::span<const MailboxMessage> messages) {
    if (messages.empty()) return {};
    if (!ascends(messages) || messages.front().entry.uid <= filling.last_uid())
        return fail(ErrorCode::invalid, "the UIDs of a mailbox that is loaded do not ascend");
    return filling.add(messages) ? Status() : parts_->full();
}

Status MailboxIndexWriter::end_load(MailboxFilling& filling, const MailboxStatus& status) {
    Parts& parts = *parts_;
    std::atomic<Slot>* slot = parts.find(MailboxRecordKind::mailbox, status.mailbox_id);
    BlockStep step(parts.blocks, parts.qsbr);
    MailboxRecord record = record_of(status);
    // What went before it was loaded is not known here.
    record.expunge_modseq = status.highest_modseq;
    record.when_evicted = step.take(sizeof(MailboxRecord));
    if (record.when_evicted == 0 || !filling.write(step, record)) return parts.full();
    const auto* before = parts.record_at<MailboxRecord>(slot);
    if (before != nullptr && before->is_resident()) drop_messages(parts.base(), step, *before);
    if (Status ok = parts.replace(step, slot, record); !ok) return ok;
    filling.linked();
    parts.keywords_left_out += filling.keywords_left_out();
    return {};
}

Status MailboxIndexWriter::apply(const MailboxUpdate& update) {
    if (Status ok = check_order(update); !ok) return ok;
    Parts& parts = *parts_;
    std::atomic<Slot>* slot = parts.find(MailboxRecordKind::mailbox, update.status.mailbox_id);
    const auto* before = parts.record_at<MailboxRecord>(slot);
    if (before == nullptr || !before->is_resident()) return not_resident(update.status.mailbox_id);
    BlockStep step(parts.blocks, parts.qsbr);
    MailboxRecord record = *before;
    record.status = update.status;
    if (!update.expunged.empty()) record.expunge_modseq = update.status.highest_modseq;
    MailboxChange change(parts.base(), step, *before);
    if (!change.put(update) || !change.write(record)) return parts.full();
    if (Status ok = parts.replace(step, slot, record); !ok) return ok;
    parts.keywords_left_out += change.keywords_left_out();
    return {};
}

Status MailboxIndexWriter::add_summaries(uint64_t mailbox_id,
                                         std::span<const std::pair<uint32_t, Bytes>> summaries) {
    Parts& parts = *parts_;
    std::atomic<Slot>* slot = parts.find(MailboxRecordKind::mailbox, mailbox_id);
    const auto* before = parts.record_at<MailboxRecord>(slot);
    if (before == nullptr || !before->is_resident()) return not_resident(mailbox_id);
    std::vector<const std::pair<uint32_t, Bytes>*> order;
    order.reserve(summaries.size());
    for (const auto& summary : summaries) order.push_back(&summary);
    std::stable_sort(order.begin(), order.end(),
                     [](const auto* a, const auto* b) { return a->first < b->first; });
    BlockStep step(parts.blocks, parts.qsbr);
    MailboxRecord record = *before;
    MailboxChange change(parts.base(), step, *before);
    if (!change.add_summaries(order) || !change.write(record)) return parts.full();
    return parts.replace(step, slot, record);
}

void MailboxIndexWriter::evict(uint64_t mailbox_id) {
    Parts& parts = *parts_;
    std::atomic<Slot>* slot = parts.find(MailboxRecordKind::mailbox, mailbox_id);
    const auto* before = parts.record_at<MailboxRecord>(slot);
    if (before == nullptr || !before->is_resident()) return;
    BlockStep step(parts.blocks, parts.qsbr);
    MailboxRecord messages = *before;
    messages.when_evicted = 0;  // it is the record from now on
    drop_messages(parts.base(), step, messages);
    step.drop(slot_ref(slot->load(std::memory_order_relaxed)), sizeof(MailboxRecord));
    const Ref block = before->when_evicted;
    const MailboxRecord record = record_of(before->status);
    std::memcpy(at_ref<uint8_t>(parts.base(), block), &record, sizeof record);
    --parts.resident;
    parts.messages -= before->size;
    parts.link(slot, MailboxRecordKind::mailbox, mailbox_id, block);
    step.done();
}

void MailboxIndexWriter::remove_mailbox(uint64_t mailbox_id) {
    Parts& parts = *parts_;
    std::atomic<Slot>* slot = parts.find(MailboxRecordKind::mailbox, mailbox_id);
    const auto* before = parts.record_at<MailboxRecord>(slot);
    if (before == nullptr) return;
    BlockStep step(parts.blocks, parts.qsbr);
    --parts.mailboxes;
    if (before->is_resident()) {
        --parts.resident;
        parts.messages -= before->size;
        drop_messages(parts.base(), step, *before);
    }
    parts.unlink(step, slot);
}

void MailboxIndexWriter::reclaim() {
    parts_->qsbr.advance();
    parts_->blocks.reclaim();
}

MailboxIndexStats MailboxIndexWriter::stats() const {
    return {.accounts = parts_->accounts,
            .mailboxes = parts_->mailboxes,
            .resident = parts_->resident,
            .messages = parts_->messages,
            .used_bytes = parts_->blocks.used_bytes(),
            .free_bytes = parts_->blocks.free_bytes(),
            .retired_bytes = parts_->blocks.retired_bytes(),
            .size_max_bytes = segment_.size(),
            .keywords_left_out = parts_->keywords_left_out};
}

uint64_t MailboxIndexWriter::octets_of(uint64_t mailbox_id) const {
    const auto* record =
        parts_->record_at<MailboxRecord>(parts_->find(MailboxRecordKind::mailbox, mailbox_id));
    if (record == nullptr || !record->is_resident()) return 0;
    return record->chunk_bytes + BlockStep::rounded(record->chunk_count * sizeof(ChunkRef)) +
           record->summary_bytes + BlockStep::rounded(record->keywords_bytes) +
           BlockStep::rounded(sizeof(MailboxRecord));
}

uint64_t MailboxIndexWriter::generation() const {
    return parts_->header->image.generation;
}

}  // namespace gatepost::storage
