// The writer's private half. Three layers, each using the one before:
//
//   slots   – find, insert, grow: the table of newest nodes (SlotTableWriter, writer_slots.cc)
//   heads   – replace the newest node of a name, keep undo, counts and the parent's children in
//   step (writer_heads.cc) names   – RRsets of a name in a zone, empty non-terminals, pruning
//   (writer.cc)
//
// A name may live in several zones (the child's apex and the parent's cut): its nodes form a chain,
// the deepest zone first, linked by `shallower`. A change to any of them lays out the whole chain
// anew, so that one slot store switches all of it.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "storage/arena/block_allocator.h"
#include "storage/arena/slot_table_writer.h"
#include "storage/zone_index/name_hash.h"
#include "storage/zone_index/node_builder.h"
#include "storage/zone_index/rrset_compiler.h"
#include "storage/zone_index/writer.h"

namespace gatepost::storage {

class ZoneIndexWriter::State {
  public:
    State(Segment segment, Qsbr& qsbr, uint64_t generation);

    Status lay_out_empty(size_t names_expected);

    // ---- slots
    // The slot that holds the name's newest node; nullptr: none.
    std::atomic<Slot>* find_slot(uint32_t tag, Bytes name);
    // Makes room for one more name.
    Status reserve_slot();

    // ---- heads
    // The newest node of the name, tombstones included; 0: none.
    Ref head(const HashedName& name, size_t depth);
    // The name's node in that zone; nullptr: it is not there.
    Node* side(const HashedName& name, size_t depth, uint32_t zone);
    // Replaces the name's node in `zone` by what `builder` holds; without a builder, removes it.
    Status replace_side(const HashedName& name, size_t depth, uint32_t zone,
                        const NodeBuilder* builder);
    struct Mark {
        size_t undo = 0;
        size_t children_undo = 0;
        size_t zones_taken = 0;
        size_t zones_removed = 0;
    };
    Mark mark() const {
        return {undo.size(), children_undo.size(), zones_taken.size(), zones_removed.size()};
    }
    void roll_back_to(Mark mark);

    // ---- zones
    Result<uint32_t> take_zone();
    // Puts the zones' table where at least one entry is free.
    Status grow_zones();

    // ---- names
    Status put_part(uint32_t zone, DnameView owner, uint16_t type);
    // Empty non-terminals between the name and its zone's apex.
    Status ensure_ancestors(const HashedName& name, uint32_t zone, uint8_t zone_labels);
    // Removes what neither data nor children keep, upwards from the name itself.
    Status prune(const HashedName& name, uint32_t zone, uint8_t zone_labels);
    Status check_rules(const Node& node) const;

    // ---- canonical order (writer_order.cc)
    std::atomic<Ref>* find_in_order(uint32_t zone, DnameView name);
    bool is_newest(Ref ref);
    Status update_orders();
    // `dropped` ascends.
    Status merge_order(uint32_t zone, std::vector<Ref>& added, const std::vector<Ref>& dropped);
    void discard_order(Ref block);
    void drop_from_orders(std::vector<Ref> tombstones_gone);

    // ---- secrets of DNS cookies
    void publish_cookie_secrets();
    void discard_cookie_secrets();

    void publish(ArenaOrigin origin);
    void reclaim();

    template <typename T>
    T* at(Ref ref) {
        return reinterpret_cast<T*>(segment.data() + size_t{ref} * kRefUnit);
    }
    ZoneEntry& zone_entry(uint32_t zone) { return zones->entries()[zone]; }
    Node* apex_of(uint32_t zone);

    // One change of a name's newest node. `before` 0: the name was in no slot.
    struct Undo {
        Ref before;
        Ref after;
    };
    // An older node whose count of children was changed in place.
    struct ChildrenUndo {
        Ref node;
        uint32_t children;
    };
    struct Tombstone {
        uint64_t epoch;
        Ref node;
    };
    struct FreedZone {
        uint64_t epoch;
        uint32_t zone;
    };

    Segment segment;
    Qsbr& qsbr;
    BlockAllocator blocks;
    ArenaHeader* header = nullptr;
    HashSecret secret{};
    SlotTableWriter slots;
    ZoneTable* zones = nullptr;
    uint32_t zones_used = 0;  // entries ever taken
    std::vector<uint32_t> zones_free;
    std::vector<FreedZone> zones_freed;   // in this transaction or waiting for readers
    std::vector<uint32_t> zones_removed;  // by the transaction in progress
    std::vector<uint32_t> zones_taken;    // by the transaction in progress
    uint64_t building = 1;                // the version in the making
    bool shared = false;  // readers may have it: nothing is reused without a grace period
    std::vector<Undo> undo;
    std::vector<ChildrenUndo> children_undo;
    Mark zone_mark;               // at begin_zone
    Ref cookie_secrets_next = 0;  // of the transaction in progress; 0: they stay as they are
    std::deque<Tombstone> tombstones;
    uint64_t zone_count = 0;
    uint64_t name_count = 0;
    uint64_t rrset_count = 0;

    // Scratch, so that a change allocates nothing on the heap in the long run.
    HashedName hashed{};
    CompiledRRset compiled;
    NodeBuilder builder;
    std::vector<uint8_t> signatures;

  private:
    // Lays out the new chain and gives its head; 0 where the arena is full. An empty chain gives a
    // tombstone.
    Ref lay_out_chain(const HashedName& name, size_t depth, Ref before, uint32_t zone,
                      const NodeBuilder* builder);
    Ref lay_out_node(const NodeBuilder& builder);
    // Points the name's slot at `after` and moves counts and apex from `before` to it.
    void switch_head(const HashedName& name, size_t depth, Ref before, Ref after);
    void account(size_t depth, Ref chain, int direction);
    // The parents' counts of names below them follow a chain that came (+1) or went (-1).
    void count_as_child(const HashedName& name, size_t depth, Ref chain, int direction);
    void discard_chain(Ref chain);
};

}  // namespace gatepost::storage
