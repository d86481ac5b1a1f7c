// What an arena of mailboxes holds: its header, and the records that the slot table refers to by
// kind and id. Records and all that they refer to are never changed once they are linked, but for
// one thing: behind the entries of a chunk that a record counts, those of later records are put.
//
//   AccountRecord | ListingRecord … in the order of the names | their places by mailbox | names
//   MailboxRecord → ChunkRef … → MailboxEntry … → summary
//                 → KeywordsRecord | ends | names
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "storage/arena/arena_header.h"
#include "storage/arena/image_file.h"
#include "storage/arena/keyed_hash.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::storage {

inline constexpr uint64_t kMailboxIndexMagic = 0x31584f424c49414d;  // "MAILBOX1"
// Counts up with every change of the layout: an arena of another version is refused.
inline constexpr uint32_t kMailboxIndexFormatVersion = 1;

// Entries of a chunk. A change copies it: 20 KiB take about a microsecond, and a list of 400 chunks
// (100,000 messages) is half as long again.
inline constexpr size_t kChunkEntriesMax = 256;
// Neighbours that have no more together become one; what is split leaves as many in each half.
inline constexpr size_t kChunkEntriesMerged = kChunkEntriesMax / 2;
// Entries that blocks have room for: few sizes, so that freed ones are used again, and small ones
// for small mailboxes.
inline constexpr size_t kChunkCapacities[] = {16, 64, kChunkEntriesMax};
inline uint16_t chunk_capacity_for(size_t entries) {
    size_t i = 0;
    while (kChunkCapacities[i] < entries) ++i;
    return static_cast<uint16_t>(kChunkCapacities[i]);
}

struct MailboxIndexHeader {
    ImagePreamble image;
    uint64_t hash_secret[2];  // random per arena

    alignas(kCacheLine) std::atomic<Ref> table;  // SlotTable

    HashSecret secret() const { return {hash_secret[0], hash_secret[1]}; }
};
static_assert(sizeof(MailboxIndexHeader) <= kArenaHeaderSize);

inline constexpr ImageKind kMailboxIndexKind{kMailboxIndexMagic, kMailboxIndexFormatVersion,
                                             kArenaHeaderSize};

enum class MailboxRecordKind : uint8_t { account = 1, mailbox = 2 };

// The key of the slot table: an id in its 8 octets, hashed by its kind.
inline uint32_t tag_of(const HashSecret& secret, MailboxRecordKind kind, uint64_t id) {
    return hash_tag(hash_octets(secret, static_cast<uint8_t>(kind),
                                {reinterpret_cast<const char*>(&id), sizeof id}));
}

// How every record of the slot table begins.
struct RecordHead {
    uint64_t id = 0;
    uint32_t size_bytes = 0;  // of the whole record
    MailboxRecordKind kind = MailboxRecordKind::account;
    uint8_t unused[3] = {};

    bool is(MailboxRecordKind other_kind, uint64_t other_id) const {
        return kind == other_kind && id == other_id;
    }
};
static_assert(sizeof(RecordHead) == 16);

struct ListingRecord {
    uint64_t mailbox_id = 0;
    uint64_t owner_id = 0;
    uint32_t name_begin = 0;  // octets from the record's begin
    uint32_t name_length = 0;
    uint16_t rights = 0;
    SpecialUse special_use = SpecialUse::none;
    uint8_t subscribed = 0;
    uint8_t unused[4] = {};
};
static_assert(sizeof(ListingRecord) == 32);

struct AccountRecord {
    RecordHead head;
    uint64_t serial = 0;
    uint64_t count = 0;  // of listings

    const ListingRecord* listings() const {
        return reinterpret_cast<const ListingRecord*>(this + 1);
    }
    ListingRecord* listings() { return reinterpret_cast<ListingRecord*>(this + 1); }
    // Places of the listings, in the order of their mailboxes' ids.
    const uint32_t* by_id() const { return reinterpret_cast<const uint32_t*>(listings() + count); }
    uint32_t* by_id() { return reinterpret_cast<uint32_t*>(listings() + count); }
    std::string_view name(const ListingRecord& listing) const {
        return {reinterpret_cast<const char*>(this) + listing.name_begin, listing.name_length};
    }
};
static_assert(sizeof(AccountRecord) == 32);

struct ChunkRef {
    uint64_t modseq_max = 0;
    Ref block = 0;
    uint32_t first_uid = 0;
    uint32_t first_index = 0;  // of its first entry in the mailbox
    uint16_t count = 0;
    uint16_t capacity = 0;  // entries that the block has room for
};
static_assert(sizeof(ChunkRef) == 24);

struct MailboxRecord {
    RecordHead head;
    MailboxStatus status;
    uint64_t expunge_modseq = 0;
    uint64_t summary_bytes = 0;  // of the blocks of the summaries
    uint64_t chunk_bytes = 0;    // of the blocks of the chunks
    uint32_t size = 0;           // entries
    uint32_t chunk_count = 0;
    Ref chunks = 0;    // 0 where there is no message
    Ref keywords = 0;  // 0: there is none
    uint32_t keywords_bytes = 0;
    // 0: only the status is there. Else a block for the record without messages: making room must
    // not need some.
    Ref when_evicted = 0;

    bool is_resident() const { return when_evicted != 0; }
};

struct KeywordsRecord {
    uint32_t count = 0;

    // Where each name ends, in octets from the first one's begin.
    const uint32_t* ends() const { return reinterpret_cast<const uint32_t*>(this + 1); }
    uint32_t* ends() { return reinterpret_cast<uint32_t*>(this + 1); }
    const char* names() const { return reinterpret_cast<const char*>(ends() + count); }
    std::string_view name(size_t bit) const {
        const uint32_t begin = bit == 0 ? 0 : ends()[bit - 1];
        return {names() + begin, ends()[bit] - begin};
    }
};

template <typename T>
const T* at_ref(const uint8_t* base, Ref ref) {
    return reinterpret_cast<const T*>(base + size_t{ref} * kRefUnit);
}
template <typename T>
T* at_ref(uint8_t* base, Ref ref) {
    return reinterpret_cast<T*>(base + size_t{ref} * kRefUnit);
}

inline std::span<const ChunkRef> chunks_of(const uint8_t* base, const MailboxRecord& record) {
    return {at_ref<ChunkRef>(base, record.chunks), record.chunk_count};
}
inline std::span<const MailboxEntry> entries_of(const uint8_t* base, const ChunkRef& chunk) {
    return {at_ref<MailboxEntry>(base, chunk.block), chunk.count};
}

// ASCII letters in any case are the same.
inline bool equals_in_any_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; };
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

}  // namespace gatepost::storage
