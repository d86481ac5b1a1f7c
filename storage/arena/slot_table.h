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

}  // namespace gatepost::storage
