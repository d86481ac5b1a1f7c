// The writer's table of newest nodes.
#include <cstring>

#include "storage/base/check.h"
#include "storage/zone_index/writer_state.h"

namespace gatepost::storage {

ZoneIndexWriter::State::State(Segment s, Qsbr& q, uint64_t generation)
    : segment(std::move(s)),
      qsbr(q),
      blocks(segment, q),
      header(new (segment.data()) ArenaHeader{}),
      slots(segment, blocks, header->table) {
    header->magic = kArenaMagic;
    header->format_version = kArenaFormatVersion;
    header->generation = generation;
}

Status ZoneIndexWriter::State::lay_out_empty(size_t names_expected) {
    if (!slots.lay_out(names_expected))
        return fail(ErrorCode::refused,
                    "the index arena of {} MiB is too small for {} names: raise [controlplane] "
                    "arena_size_max",
                    segment.size() >> 20, names_expected);
    return grow_zones();
}

std::atomic<Slot>* ZoneIndexWriter::State::find_slot(uint32_t tag, Bytes name) {
    return slots.find(tag, [&](Ref ref) {
        const Node* node = at<Node>(ref);
        return node->name_length == name.size() &&
               std::memcmp(node->name(), name.data(), name.size()) == 0;
    });
}

Status ZoneIndexWriter::State::reserve_slot() {
    if (slots.reserve(shared)) return {};
    return fail(ErrorCode::refused,
                "the index arena is full at {} MiB and {} names: raise [controlplane] "
                "arena_size_max",
                segment.size() >> 20, slots.entries());
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
