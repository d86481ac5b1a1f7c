// What a directory arena holds: its header, and the records that the slot table refers to. Each
// record is an entry, never changed once it is linked:
//
//   DirectoryRecord | key | value
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/arena/arena_header.h"
#include "storage/arena/image_file.h"
#include "storage/arena/keyed_hash.h"
#include "storage/base/bytes.h"

namespace gatepost::storage {

inline constexpr uint64_t kDirectoryMagic = 0x3154434552494447;  // "GDIRECT1"
// Counts up with every change of the layout, that of the values included, and with every kind that
// readers take for whole: an image of another version is refused and rebuilt.
inline constexpr uint32_t kDirectoryFormatVersion = 3;

inline constexpr size_t kDirectoryKeyMax = 512;                // octets
inline constexpr size_t kDirectoryValueMax = size_t{1} << 20;  // octets

struct DirectoryHeader {
    ImagePreamble image;
    uint64_t hash_secret[2];  // random per arena

    alignas(kCacheLine) std::atomic<Ref> table;  // SlotTable

    // Written at each publication.
    alignas(kCacheLine) std::atomic<uint64_t> version;  // counts publications
    std::atomic<uint64_t> commit_lsn;
    std::atomic<int64_t> commit_time_us;     // microseconds since 1970
    std::atomic<int64_t> published_time_us;  // microseconds since 1970
    std::atomic<uint64_t> entry_count;
    std::atomic<uint64_t> account_version;  // counts those that changed who logs in to what

    HashSecret secret() const { return {hash_secret[0], hash_secret[1]}; }
};
static_assert(sizeof(DirectoryHeader) <= kArenaHeaderSize);

inline constexpr ImageKind kDirectoryKind{kDirectoryMagic, kDirectoryFormatVersion,
                                          kArenaHeaderSize};

struct DirectoryRecord {
    uint64_t serial;
    uint32_t value_length;  // octets
    uint16_t key_length;    // octets
    uint8_t kind;           // EntryKind
    uint8_t unused;

    static size_t size_bytes(size_t key_length, size_t value_length) {
        return sizeof(DirectoryRecord) + key_length + value_length;
    }
    size_t size_bytes() const { return size_bytes(key_length, value_length); }
    std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), key_length}; }
    Bytes value() const {
        return {reinterpret_cast<const uint8_t*>(this + 1) + key_length, value_length};
    }
    bool is(uint8_t other_kind, std::string_view other_key) const {
        return kind == other_kind && key() == other_key;
    }
};
static_assert(sizeof(DirectoryRecord) == 16);

}  // namespace gatepost::storage
