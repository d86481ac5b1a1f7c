// The writer's table of newest nodes.
#include <cstring>

#include "storage/base/check.h"
#include "storage/zone_index/writer_state.h"

namespace gatepost::storage {

namespace {

constexpr size_t kSlotsMin = 1024;
constexpr size_t kFillPercentMax = 60;  // beyond it probe chains grow past a cache line

bool filled(Slot slot) {
    return slot != 0 && slot_ref(slot) != kSlotDeleted;
}

void insert(SlotTable* table, uint32_t tag, Ref node) {
    std::atomic<Slot>* slots = table->slots();
    for (uint32_t i = tag;; ++i) {
        std::atomic<Slot>& slot = slots[i & table->mask];
        if (filled(slot.load(std::memory_order_relaxed))) continue;
        slot.store(make_slot(tag, node), std::memory_order_release);
        return;
    }
}

size_t slots_for(size_t names) {
    size_t count = kSlotsMin;
    while (names * 100 > count * kFillPercentMax) count *= 2;
    return count;
}

}  // namespace

ZoneIndexWriter::State::State(Segment s, Qsbr& q, uint64_t generation)
    : segment(std::move(s)), qsbr(q), blocks(segment, q) {
    header = new (segment.data()) ArenaHeader{};
    header->magic = kArenaMagic;
    header->format_version = kArenaFormatVersion;
    header->generation = generation;
}

Status ZoneIndexWriter::State::lay_out_empty(size_t names_expected) {
    size_t count = slots_for(names_expected);
    size_t size = sizeof(SlotTable) + count * sizeof(Slot);
    Ref block = blocks.allocate(size, kCacheLine);
    if (block == 0)
        return fail(ErrorCode::refused,
                    "the index arena of {} MiB is too small for {} names: raise [controlplane] "
                    "arena_size_max",
                    segment.size() >> 20, names_expected);
    table = at<SlotTable>(block);
    std::memset(static_cast<void*>(table), 0, size);
    table->mask = static_cast<uint32_t>(count - 1);
    header->table.store(block, std::memory_order_release);
    return grow_zones();
}

std::atomic<Slot>* ZoneIndexWriter::State::find_slot(uint32_t tag, Bytes name) {
    std::atomic<Slot>* slots = table->slots();
    for (uint32_t i = tag;; ++i) {
        std::atomic<Slot>& slot = slots[i & table->mask];
        Slot value = slot.load(std::memory_order_relaxed);
        if (value == 0) return nullptr;
        if (slot_tag(value) != tag || slot_ref(value) == kSlotDeleted) continue;
        const Node* node = at<Node>(slot_ref(value));
        if (node->name_length == name.size() &&
            std::memcmp(node->name(), name.data(), name.size()) == 0)
            return &slot;
    }
}

// Readers keep walking the old table until their burst ends; it holds all that they may see.
Status ZoneIndexWriter::State::reserve_slot() {
    size_t capacity = size_t{table->mask} + 1;
    if ((slots_used + 1) * 100 <= capacity * kFillPercentMax) return {};
    size_t names = slots_used - slots_deleted;
    size_t count = slots_for(names + names / 2 + 1);
    size_t size = sizeof(SlotTable) + count * sizeof(Slot);
    Ref block = blocks.allocate(size, kCacheLine);
    if (block == 0)
        return fail(ErrorCode::refused,
                    "the index arena is full at {} MiB and {} names: raise [controlplane] "
                    "arena_size_max",
                    segment.size() >> 20, names);
    SlotTable* grown = at<SlotTable>(block);
    std::memset(static_cast<void*>(grown), 0, size);
    grown->mask = static_cast<uint32_t>(count - 1);
    for (size_t i = 0; i < capacity; ++i) {
        Slot slot = table->slots()[i].load(std::memory_order_relaxed);
        if (filled(slot)) insert(grown, slot_tag(slot), slot_ref(slot));
    }
    Ref old = header->table.load(std::memory_order_relaxed);
    size_t old_size = table->size_bytes();
    header->table.store(block, std::memory_order_release);
    table = grown;
    slots_used = names;
    slots_deleted = 0;
    if (shared)
        blocks.retire(old, old_size);
    else
        blocks.free(old, old_size);
    return {};
}

void ZoneIndexWriter::State::insert_slot(uint32_t tag, Ref node) {
    std::atomic<Slot>* slots = table->slots();
    for (uint32_t i = tag;; ++i) {
        std::atomic<Slot>& slot = slots[i & table->mask];
        Slot value = slot.load(std::memory_order_relaxed);
        if (filled(value)) continue;
        if (value == 0)
            ++slots_used;
        else
            --slots_deleted;
        slot.store(make_slot(tag, node), std::memory_order_release);
        return;
    }
}

void ZoneIndexWriter::State::delete_slot(std::atomic<Slot>* slot) {
    auto index = static_cast<uint32_t>(slot - table->slots());
    slot->store(make_slot(0, kSlotDeleted), std::memory_order_release);
    ++slots_deleted;
    if (table->slots()[(index + 1) & table->mask].load(std::memory_order_relaxed) != 0) return;
    // At the end of its probe chain a deleted slot, and those right before it, may as well be
    // empty.
    for (uint32_t i = index;; --i) {
        std::atomic<Slot>& last = table->slots()[i & table->mask];
        Slot value = last.load(std::memory_order_relaxed);
        if (value == 0 || filled(value)) return;
        last.store(0, std::memory_order_release);
        --slots_deleted;
        --slots_used;
    }
}

Result<uint32_t> ZoneIndexWriter::State::take_zone() {
    uint32_t zone;
    if (!zones_free.empty()) {
        zone = zones_free.back();
        zones_free.pop_back();
    } else {
        if (zones_used == zones->capacity)
            if (Status ok = grow_zones(); !ok) return tl::unexpected(ok.error());
        zone = zones_used++;
    }
    ZoneEntry& entry = zone_entry(zone);
    entry.apex.store(0, std::memory_order_relaxed);
    entry.order.store(0, std::memory_order_relaxed);
    entry.cut_depths[0].store(0, std::memory_order_relaxed);
    entry.cut_depths[1].store(0, std::memory_order_relaxed);
    zones_taken.push_back(zone);
    return zone;
}

Status ZoneIndexWriter::State::grow_zones() {
    uint32_t capacity = zones == nullptr ? 64 : zones->capacity * 2;
    size_t size = sizeof(ZoneTable) + capacity * sizeof(ZoneEntry);
    Ref block = blocks.allocate(size, kCacheLine);
    if (block == 0)
        return fail(ErrorCode::refused,
                    "the index arena is full at {} MiB: raise [controlplane] arena_size_max",
                    segment.size() >> 20);
    auto* grown = at<ZoneTable>(block);
    std::memset(static_cast<void*>(grown), 0, size);
    grown->capacity = capacity;
    if (zones != nullptr) {
        size_t old_size = sizeof(ZoneTable) + zones->capacity * sizeof(ZoneEntry);
        std::memcpy(static_cast<void*>(grown->entries()), zones->entries(),
                    zones->capacity * sizeof(ZoneEntry));
        Ref old = header->zones.load(std::memory_order_relaxed);
        if (shared)
            blocks.retire(old, old_size);
        else
            blocks.free(old, old_size);
    }
    zones = grown;
    header->zones.store(block, std::memory_order_release);
    return {};
}

}  // namespace gatepost::storage
