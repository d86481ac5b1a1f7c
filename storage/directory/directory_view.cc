#include "storage/directory/directory_view.h"

#include <bit>

#include "storage/arena/slot_table.h"
#include "storage/directory/directory_header.h"

namespace gatepost::storage {

std::optional<DirectoryEntry> DirectoryView::find(EntryKind kind, std::string_view key) const {
    const auto* header = reinterpret_cast<const DirectoryHeader*>(base_);
    const auto number = static_cast<uint8_t>(kind);
    const uint32_t tag = hash_tag(hash_octets(header->secret(), number, key));
    const Ref root = header->table.load(std::memory_order_acquire);
    const auto* table = reinterpret_cast<const SlotTable*>(base_ + size_t{root} * kRefUnit);
    // Several slots at once: where in its chain an entry stands cannot be foreseen, and a branch
    // for each slot would stall on most look-ups until the slot is there. An entry of this key may
    // be taken wherever it is seen, since there is one at most.
    constexpr uint32_t kAtOnce = 4;
    for (uint32_t i = tag;; i += kAtOnce) {
        Ref refs[kAtOnce];
        uint32_t fits = 0;
        bool at_end = false;
        for (uint32_t k = 0; k < kAtOnce; ++k) {
            const Slot slot = table->at(i + k);
            refs[k] = slot_ref(slot);
            fits |= uint32_t{slot_tag(slot) == tag} << k;
            at_end |= slot == 0;
        }
        for (; fits != 0; fits &= fits - 1) {
            const Ref ref = refs[std::countr_zero(fits)];
            if (ref <= kSlotDeleted) continue;  // free and freed slots have the tag 0
            const auto* record =
                reinterpret_cast<const DirectoryRecord*>(base_ + size_t{ref} * kRefUnit);
            if (record->is(number, key)) return DirectoryEntry{record->serial, record->value()};
        }
        if (at_end) return std::nullopt;
    }
}

uint64_t DirectoryView::account_version() const {
    return reinterpret_cast<const DirectoryHeader*>(base_)->account_version.load(
        std::memory_order_acquire);
}

uint64_t DirectoryView::size() const {
    return reinterpret_cast<const DirectoryHeader*>(base_)->entry_count.load(
        std::memory_order_relaxed);
}

}  // namespace gatepost::storage
