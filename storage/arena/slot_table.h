// The open-addressing hash table of an arena: 8-byte slots of tag (32 bits of hash) and Ref, linear
// probing, at most 60 % full. Readers walk it while the one writer changes slots by single release
// stores. The low bits of the tag choose the slot, so that growing needs no look at the records.
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/arena/arena_header.h"

namespace gatepost::storage {

using Slot = uint64_t;
inline constexpr Ref kSlotDeleted = 1;  // a freed slot inside a probe chain

inline Slot make_slot(uint32_t tag, Ref ref) {
    return uint64_t{tag} << 32 | ref;
}
inline uint32_t slot_tag(Slot slot) {
    return static_cast<uint32_t>(slot >> 32);
}
inline Ref slot_ref(Slot slot) {
    return static_cast<Ref>(slot);
}

struct SlotTable {
    uint32_t mask;  // slot count - 1; the count is a power of two
    uint8_t unused[kCacheLine - 4];
    // followed by mask + 1 slots

    const std::atomic<Slot>* slots() const {
        return reinterpret_cast<const std::atomic<Slot>*>(this + 1);
    }
    std::atomic<Slot>* slots() { return reinterpret_cast<std::atomic<Slot>*>(this + 1); }
    size_t size_bytes() const { return sizeof(SlotTable) + (size_t{mask} + 1) * sizeof(Slot); }

    void prefetch(uint32_t tag) const { __builtin_prefetch(&slots()[tag & mask]); }
    Slot at(uint32_t index) const { return slots()[index & mask].load(std::memory_order_acquire); }
};
static_assert(sizeof(SlotTable) == kCacheLine);

inline constexpr size_t kSlotsMin = 1024;
inline constexpr size_t kFillPercentMax = 60;  // beyond it probe chains grow past a cache line

// Whether a table of so many slots takes so many entries.
inline bool slots_suffice(size_t slots, size_t entries) {
    return entries * 100 <= slots * kFillPercentMax;
}
// How many slots so many entries take: a power of two.
inline size_t slots_for(size_t entries) {
    size_t count = kSlotsMin;
    while (!slots_suffice(count, entries)) count *= 2;
    return count;
}

inline bool is_filled(Slot slot) {
    return slot != 0 && slot_ref(slot) != kSlotDeleted;
}

// Into the first slot of the chain that is free or freed; gives what was in it. There is one.
inline Slot slot_insert(SlotTable& table, uint32_t tag, Ref ref) {
    std::atomic<Slot>* slots = table.slots();
    for (uint32_t i = tag;; ++i) {
        std::atomic<Slot>& slot = slots[i & table.mask];
        const Slot before = slot.load(std::memory_order_relaxed);
        if (is_filled(before)) continue;
        slot.store(make_slot(tag, ref), std::memory_order_release);
        return before;
    }
}

}  // namespace gatepost::storage
