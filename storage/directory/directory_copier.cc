#include "storage/directory/directory_copier.h"

#include <cstring>
#include <new>

namespace gatepost::storage {

namespace {

size_t round_up(size_t value) {
    return (value + kRefUnit - 1) / kRefUnit * kRefUnit;
}

Ref ref_at(size_t offset) {
    return static_cast<Ref>(offset / kRefUnit);
}

// The slot of the copy that has an entry of that key already; nullptr: none.
std::atomic<Slot>* find(uint8_t* target, SlotTable& table, uint32_t tag,
                        const DirectoryRecord& wanted) {
    for (uint32_t i = tag;; ++i) {
        std::atomic<Slot>& slot = table.slots()[i & table.mask];
        const Slot value = slot.load(std::memory_order_relaxed);
        if (value == 0) return nullptr;
        if (slot_tag(value) != tag) continue;
        const auto* record =
            reinterpret_cast<const DirectoryRecord*>(target + size_t{slot_ref(value)} * kRefUnit);
        if (record->is(wanted.kind, wanted.key())) return &slot;
    }
}

}  // namespace

DirectoryCopier::DirectoryCopier(const uint8_t* source) : source_(source) {
    version_ = header().version.load(std::memory_order_acquire);
    commit_lsn_ = header().commit_lsn.load(std::memory_order_acquire);
    commit_time_us_ = header().commit_time_us.load(std::memory_order_relaxed);
    published_time_us_ = header().published_time_us.load(std::memory_order_relaxed);
    const Ref root = header().table.load(std::memory_order_acquire);
    const auto* table = reinterpret_cast<const SlotTable*>(source + size_t{root} * kRefUnit);
    size_t octets = 0;
    for (size_t i = 0; i <= table->mask; ++i) {
        const Slot slot = table->at(static_cast<uint32_t>(i));
        if (!is_filled(slot)) continue;
        found_.push_back(slot);
        octets += round_up(record_at(slot_ref(slot))->size_bytes());
    }
    size_ = round_up(kArenaHeaderSize + sizeof(SlotTable) +
                     slots_for(found_.size()) * sizeof(Slot) + octets + kArenaTailPadding);
}

void DirectoryCopier::copy_to(uint8_t* target) const {
    auto* copy = new (target) DirectoryHeader{};
    copy->image.magic = kDirectoryMagic;
    copy->image.format_version = kDirectoryFormatVersion;
    copy->image.generation = header().image.generation;
    std::memcpy(copy->hash_secret, header().hash_secret, sizeof copy->hash_secret);
    copy->version.store(version_, std::memory_order_relaxed);
    copy->commit_lsn.store(commit_lsn_, std::memory_order_relaxed);
    copy->commit_time_us.store(commit_time_us_, std::memory_order_relaxed);
    copy->published_time_us.store(published_time_us_, std::memory_order_relaxed);

    size_t at = kArenaHeaderSize;
    auto& table = *reinterpret_cast<SlotTable*>(target + at);
    table.mask = static_cast<uint32_t>(slots_for(found_.size()) - 1);
    copy->table.store(ref_at(at), std::memory_order_relaxed);
    at += table.size_bytes();
    uint64_t entries = 0;
    for (const Slot slot : found_) {
        const DirectoryRecord& record = *record_at(slot_ref(slot));
        // One that was removed and put again meanwhile may have been seen at both its places.
        std::atomic<Slot>* other = find(target, table, slot_tag(slot), record);
        if (other != nullptr) {
            const Ref ref = slot_ref(other->load(std::memory_order_relaxed));
            const auto* seen =
                reinterpret_cast<const DirectoryRecord*>(target + size_t{ref} * kRefUnit);
            if (seen->serial > record.serial) continue;
        }
        std::memcpy(target + at, &record, record.size_bytes());
        if (other != nullptr) {
            other->store(make_slot(slot_tag(slot), ref_at(at)), std::memory_order_relaxed);
        } else {
            slot_insert(table, slot_tag(slot), ref_at(at));
            ++entries;
        }
        at += round_up(record.size_bytes());
    }
    copy->entry_count.store(entries, std::memory_order_relaxed);
}

}  // namespace gatepost::storage
