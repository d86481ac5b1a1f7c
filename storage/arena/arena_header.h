// The first page of an index arena. Everything else is found from here, by offsets in units of 16
// octets (Ref): 32 bits reach 64 GiB.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "storage/arena/qsbr.h"

namespace gatepost::storage {

using Ref = uint32_t;                   // offset / kRefUnit; 0: none
inline constexpr size_t kRefUnit = 16;  // octets
inline constexpr size_t kArenaHeaderSize = 4096;
// Readers load 8 octets at a time, and prefetch: this much stays free behind the last record.
inline constexpr size_t kArenaTailPadding = 64;
inline constexpr uint64_t kArenaMagic = 0x31414e4552415047;  // "GPARENA1"
// Counts up with every change of the layout: an image of another version is refused and rebuilt.
inline constexpr uint32_t kArenaFormatVersion = 2;

struct ArenaHeader {
    uint64_t magic;
    uint32_t format_version;
    uint32_t checksum;        // of a checkpoint: CRC-32C of all octets, taken with this field zero
    uint64_t image_length;    // of a checkpoint: octets; 0 in a live arena
    uint64_t generation;      // grows from arena to arena
    uint64_t hash_secret[2];  // random per arena: names cannot be chosen to collide
    uint8_t unused[16];

    // Written by the writer, read once per burst by readers.
    alignas(kCacheLine) std::atomic<uint64_t> version;  // newer nodes are not yet published
    std::atomic<Ref> table;                             // SlotTable
    std::atomic<Ref> zones;                             // array of ZoneEntry
    // Label counts at which any name (any zone apex) is or was: look-ups at other depths are
    // spared.
    std::atomic<uint64_t> name_depths[2];
    std::atomic<uint64_t> apex_depths[2];
    std::atomic<Ref> cookie_secrets;  // CookieSecretSet; 0: none

    alignas(kCacheLine) std::atomic<uint64_t> commit_lsn;
    std::atomic<int64_t> commit_time_us;     // microseconds since 1970
    std::atomic<int64_t> published_time_us;  // microseconds since 1970
    std::atomic<uint64_t> zone_count;
    std::atomic<uint64_t> name_count;
};
static_assert(sizeof(ArenaHeader) <= kArenaHeaderSize);

// A set of label counts, 0 … 127, as the two words above.
inline bool depth_test(const std::atomic<uint64_t> (&depths)[2], size_t depth) {
    return (depths[depth >> 6].load(std::memory_order_relaxed) >> (depth & 63)) & 1;
}
// Writer only. To be set before what lies at that depth is published.
inline void depth_set(std::atomic<uint64_t> (&depths)[2], size_t depth) {
    auto& word = depths[depth >> 6];
    word.store(word.load(std::memory_order_relaxed) | uint64_t{1} << (depth & 63),
               std::memory_order_relaxed);
}

}  // namespace gatepost::storage
