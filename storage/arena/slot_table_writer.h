// The one writer of an arena's slot table: finds, inserts, removes, and grows it beside its
// readers.
#pragma once

#include "storage/arena/block_allocator.h"
#include "storage/arena/segment.h"
#include "storage/arena/slot_table.h"

namespace gatepost::storage {

class SlotTableWriter {
  public:
    // `root` is where readers find the table. All three outlive the writer.
    SlotTableWriter(Segment& segment, BlockAllocator& blocks, std::atomic<Ref>& root)
        : segment_(segment), blocks_(blocks), root_(root) {}

    // The first table. False: the arena is full.
    bool lay_out(size_t entries_expected);
    // Makes room for one more entry. False: the arena is full. `shared`: readers may be in the
    // table that a larger one replaces.
    bool reserve(bool shared);

    // The slot of that tag whose record `is_it` says is the one; nullptr: none.
    template <typename IsIt>
    std::atomic<Slot>* find(uint32_t tag, IsIt is_it) {
        std::atomic<Slot>* slots = table_->slots();
        for (uint32_t i = tag;; ++i) {
            std::atomic<Slot>& slot = slots[i & table_->mask];
            const Slot value = slot.load(std::memory_order_relaxed);
            if (value == 0) return nullptr;
            if (slot_tag(value) != tag || slot_ref(value) == kSlotDeleted) continue;
            if (is_it(slot_ref(value))) return &slot;
        }
    }
    // Of an entry that is not there, after reserve().
    void insert(uint32_t tag, Ref ref);
    void remove(std::atomic<Slot>* slot);

    const SlotTable& table() const { return *table_; }
    size_t entries() const { return used_ - deleted_; }

  private:
    SlotTable* make(size_t slots, Ref& block);

    Segment& segment_;
    BlockAllocator& blocks_;
    std::atomic<Ref>& root_;
    SlotTable* table_ = nullptr;
    size_t used_ = 0;  // filled and deleted ones
    size_t deleted_ = 0;
};

}  // namespace gatepost::storage
