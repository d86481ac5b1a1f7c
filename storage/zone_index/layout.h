// What a zones arena holds behind its header: nodes (one per name and zone), the table of zones.
//
// Node, aligned to 16 octets:
//   Node | name, lower-cased wire form, padded to 8 | RRsetEntry × rrset_count | RRset data
//
// RRset data is whole resource records in answer form (RFC 1035 §4.1.3): owner C0 0C (the
// question's name at offset 12), type, class, TTL, RDLENGTH, RDATA. Names inside the RDATA of NS,
// CNAME, PTR, MX and SOA (RFC 3597 §4) end in a pointer where they share a suffix with the owner:
// it points into the owner at offset 12. For an answer whose owner is the question these octets are
// final; elsewhere the writer of the answer relocates the pointers. The RRSIGs that cover an RRset
// stand right behind it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "storage/arena/arena_header.h"

namespace gatepost::storage {

inline constexpr uint16_t kQuestionOffset = 12;  // of the question's name in every message
inline constexpr size_t kRRFixedSize = 12;       // owner pointer, type, class, TTL, RDLENGTH

enum NodeFlag : uint8_t {
    kNodeApex = 1,  // of its zone
    kNodeCut = 2,   // has NS and is not the apex: a zone cut
    kNodeDname = 4,
    kNodeCname = 8,
    kNodeAbsent =
        16,  // a name that was removed: holds the place until no reader needs what was there
    kNodeEmpty = 32,     // no RRset: an empty non-terminal (RFC 4592 §2.2.2)
    kNodeWildcard = 64,  // hint: a child named '*' is or was there
};

struct RRsetEntry {
    uint16_t type;
    uint16_t count;   // records without signatures; 0: only signatures are here
    uint32_t offset;  // of the data, from the node's start, octets
    uint16_t length;  // of the records without signatures, octets
    uint16_t signature_count;
    uint16_t signature_length;  // octets, right behind the records
    uint8_t flags;              // RRsetFlag
    uint8_t unused;
};
static_assert(sizeof(RRsetEntry) == 16);

enum RRsetFlag : uint8_t {
    kRRsetPointers = 1,    // some RDATA ends in a compression pointer
    kRRsetAdditional = 2,  // its targets' addresses belong into the additional section
};

struct Node {
    uint64_t version;  // of the arena, that made it
    Ref previous;      // what it replaced: for readers of an older version; 0: nothing was there
    Ref shallower;     // the same name in the next enclosing zone that has it; 0: none
    uint32_t zone;     // ZoneEntry
    uint32_t size;     // octets
    std::atomic<uint32_t> children;  // names one label below, for the writer alone
    uint8_t name_length;             // octets
    uint8_t labels;                  // without the root
    uint8_t zone_labels;             // of the zone's apex
    std::atomic<uint8_t> flags;      // NodeFlag; only kNodeWildcard changes once it is linked
    uint16_t rrset_count;
    uint16_t unused;
    uint32_t undo_index;  // the writer's: its entry in the undo of the transaction that made it

    bool has(NodeFlag flag) const { return flags.load(std::memory_order_relaxed) & flag; }
    const uint8_t* name() const { return reinterpret_cast<const uint8_t*>(this + 1); }
    const RRsetEntry* rrsets() const {
        return reinterpret_cast<const RRsetEntry*>(name() + (size_t{name_length} + 7) / 8 * 8);
    }
    const uint8_t* data(const RRsetEntry& rrset) const {
        return reinterpret_cast<const uint8_t*>(this) + rrset.offset;
    }
    // nullptr: no such type, or only its signatures.
    const RRsetEntry* find(uint16_t type) const {
        const RRsetEntry* entry = rrsets();
        for (uint16_t i = 0; i < rrset_count; ++i, ++entry)
            if (entry->type == type) return entry->count != 0 ? entry : nullptr;
        return nullptr;
    }
};
static_assert(sizeof(Node) == 40);

struct ZoneEntry {
    std::atomic<Ref> apex;                // Node, newest; 0: unused entry
    std::atomic<Ref> order;               // OrderTable; 0: the zone has no NSEC records
    std::atomic<uint64_t> cut_depths[2];  // label counts at which a zone cut or a DNAME is or was
    uint64_t unused2;
};
static_assert(sizeof(ZoneEntry) == 32);

// The names of a zone that own NSEC records, in canonical order (RFC 4034 §6.1), each by the newest
// node of the name. Some may have lost theirs: a reader steps over what it does not see.
struct OrderTable {
    uint32_t count;
    uint8_t unused[12];
    // followed by `count` references
    const std::atomic<Ref>* names() const {
        return reinterpret_cast<const std::atomic<Ref>*>(this + 1);
    }
    std::atomic<Ref>* names() { return reinterpret_cast<std::atomic<Ref>*>(this + 1); }
    static size_t size_bytes(size_t count) { return sizeof(OrderTable) + count * sizeof(Ref); }
};
static_assert(sizeof(OrderTable) == 16);

struct ZoneTable {
    uint32_t capacity;
    uint8_t unused[28];
    // followed by `capacity` entries
    const ZoneEntry* entries() const { return reinterpret_cast<const ZoneEntry*>(this + 1); }
    ZoneEntry* entries() { return reinterpret_cast<ZoneEntry*>(this + 1); }
};
static_assert(sizeof(ZoneTable) == 32);

}  // namespace gatepost::storage
