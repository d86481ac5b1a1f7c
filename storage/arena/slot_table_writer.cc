#include "storage/arena/slot_table_writer.h"

#include <cstring>

namespace gatepost::storage {

SlotTable* SlotTableWriter::make(size_t slots, Ref& block) {
    const size_t size = sizeof(SlotTable) + slots * sizeof(Slot);
    block = blocks_.allocate(size, kCacheLine);
    if (block == 0) return nullptr;
    auto* table = reinterpret_cast<SlotTable*>(segment_.data() + size_t{block} * kRefUnit);
    std::memset(static_cast<void*>(table), 0, size);
    table->mask = static_cast<uint32_t>(slots - 1);
    return table;
}

bool SlotTableWriter::lay_out(size_t entries_expected) {
    Ref block = 0;
    table_ = make(slots_for(entries_expected), block);
    root_.store(block, std::memory_order_release);
    return table_ != nullptr;
}

// Readers keep walking the old table until their burst ends; it holds all that they may see.
bool SlotTableWriter::reserve(bool shared) {
    const size_t capacity = size_t{table_->mask} + 1;
    if (slots_suffice(capacity, used_ + 1)) return true;
    Ref block = 0;
    SlotTable* grown = make(slots_for(entries() + entries() / 2 + 1), block);
    if (grown == nullptr) return false;
    for (size_t i = 0; i < capacity; ++i) {
        const Slot slot = table_->slots()[i].load(std::memory_order_relaxed);
        if (is_filled(slot)) slot_insert(*grown, slot_tag(slot), slot_ref(slot));
    }
    const Ref old = root_.load(std::memory_order_relaxed);
    const size_t old_size = table_->size_bytes();
    root_.store(block, std::memory_order_release);
    table_ = grown;
    used_ = entries();
    deleted_ = 0;
    if (shared)
        blocks_.retire(old, old_size);
    else
        blocks_.free(old, old_size);
    return true;
}

void SlotTableWriter::insert(uint32_t tag, Ref ref) {
    if (slot_insert(*table_, tag, ref) == 0)
        ++used_;
    else
        --deleted_;
}

void SlotTableWriter::remove(std::atomic<Slot>* slot) {
    const auto index = static_cast<uint32_t>(slot - table_->slots());
    slot->store(make_slot(0, kSlotDeleted), std::memory_order_release);
    ++deleted_;
    if (table_->slots()[(index + 1) & table_->mask].load(std::memory_order_relaxed) != 0) return;
    // At the end of its probe chain a deleted slot, and those right before it, may as well be
    // empty.
    for (uint32_t i = index;; --i) {
        std::atomic<Slot>& last = table_->slots()[i & table_->mask];
        const Slot value = last.load(std::memory_order_relaxed);
        if (value == 0 || is_filled(value)) return;
        last.store(0, std::memory_order_release);
        --deleted_;
        --used_;
    }
}

}  // namespace gatepost::storage
