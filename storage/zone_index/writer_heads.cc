// How the newest node of a name is replaced, and put back.
#include <cstring>

#include "storage/base/check.h"
#include "storage/zone_index/writer_state.h"

namespace gatepost::storage {

namespace {

constexpr size_t kChainMax = kLabelCountMax + 1;  // zones that one name can lie in

Bytes name_of(const HashedName& name, size_t depth) {
    return name.suffix(depth).wire();
}

}  // namespace

Ref ZoneIndexWriter::State::head(const HashedName& name, size_t depth) {
    std::atomic<Slot>* slot = find_slot(name.tag(depth), name_of(name, depth));
    return slot == nullptr ? 0 : slot_ref(slot->load(std::memory_order_relaxed));
}

Node* ZoneIndexWriter::State::side(const HashedName& name, size_t depth, uint32_t zone) {
    Ref ref = head(name, depth);
    if (ref == 0 || at<Node>(ref)->has(kNodeAbsent)) return nullptr;
    for (; ref != 0; ref = at<Node>(ref)->shallower)
        if (at<Node>(ref)->zone == zone) return at<Node>(ref);
    return nullptr;
}

Ref ZoneIndexWriter::State::lay_out_node(const NodeBuilder& from) {
    Ref block = blocks.allocate(from.size());
    if (block != 0) from.lay_out(at<Node>(block));
    return block;
}

Ref ZoneIndexWriter::State::lay_out_chain(const HashedName& name, size_t depth, Ref before,
                                          uint32_t zone, const NodeBuilder* with) {
    Ref chain[kChainMax + 1];
    size_t count = 0;
    bool placed = with == nullptr;
    bool full = false;
    auto place = [&](Ref block) {
        if (block == 0)
            full = true;
        else
            chain[count++] = block;
    };
    bool present = before != 0 && !at<Node>(before)->has(kNodeAbsent);
    for (Ref ref = present ? before : 0; ref != 0 && !full; ref = at<Node>(ref)->shallower) {
        const Node* node = at<Node>(ref);
        if (!placed && node->zone != zone && with->zone_labels() > node->zone_labels) {
            place(lay_out_node(*with));
            placed = true;
        }
        if (node->zone == zone) {
            if (!placed) place(lay_out_node(*with));
            placed = true;
            continue;
        }
        Ref copy = blocks.allocate(node->size);
        if (copy != 0) std::memcpy(static_cast<void*>(at<Node>(copy)), at<Node>(ref), node->size);
        place(copy);
    }
    if (!placed && !full) place(lay_out_node(*with));
    if (count == 0 && !full) {
        DnameView removed = name.suffix(depth);
        NodeBuilder tombstone;
        tombstone.reset(removed.wire(), static_cast<uint8_t>(depth), zone, 0);
        place(lay_out_node(tombstone));
        if (!full) at<Node>(chain[0])->flags.store(kNodeAbsent, std::memory_order_relaxed);
    }
    if (full) {
        for (size_t i = 0; i < count; ++i) blocks.free(chain[i], at<Node>(chain[i])->size);
        return 0;
    }
    for (size_t i = 0; i < count; ++i) {
        Node* node = at<Node>(chain[i]);
        node->version = building;
        node->previous = 0;
        node->shallower = i + 1 < count ? chain[i + 1] : 0;
    }
    if (before != 0)
        at<Node>(chain[0])->previous =
            at<Node>(before)->version == building ? at<Node>(before)->previous : before;
    return chain[0];
}

Status ZoneIndexWriter::State::replace_side(const HashedName& name, size_t depth, uint32_t zone,
                                            const NodeBuilder* with) {
    if (Status ok = reserve_slot(); !ok) return ok;
    Ref before = head(name, depth);
    Ref after = lay_out_chain(name, depth, before, zone, with);
    if (after == 0)
        return fail(ErrorCode::refused,
                    "the index arena is full at {} MiB: raise [controlplane] arena_size_max",
                    segment.size() >> 20);
    switch_head(name, depth, before, after);
    count_as_child(name, depth, before, -1);
    count_as_child(name, depth, after, +1);
    size_t index = before == 0 ? undo.size() : at<Node>(before)->undo_index;
    bool again = before != 0 && at<Node>(before)->version == building && index < undo.size() &&
                 index >= zone_mark.undo && undo[index].after == before;
    if (again) {
        // Made by this very transaction and nobody's to go back to: no trace of it is kept.
        undo[index].after = after;
        discard_chain(before);
    } else {
        index = undo.size();
        undo.push_back({before, after});
    }
    for (Ref ref = after; ref != 0; ref = at<Node>(ref)->shallower)
        at<Node>(ref)->undo_index = static_cast<uint32_t>(index);
    return {};
}

void ZoneIndexWriter::State::switch_head(const HashedName& name, size_t depth, Ref before,
                                         Ref after) {
    uint32_t tag = name.tag(depth);
    depth_set(header->name_depths, depth);
    std::atomic<Slot>* slot = find_slot(tag, name_of(name, depth));
    if (slot == nullptr)
        slots.insert(tag, after);
    else if (after == 0)
        slots.remove(slot);
    else
        slot->store(make_slot(tag, after), std::memory_order_release);
    for (Ref ref : {before, after})
        if (ref != 0 && at<Node>(ref)->has(kNodeApex) && !at<Node>(ref)->has(kNodeAbsent))
            zone_entry(at<Node>(ref)->zone).apex.store(after, std::memory_order_release);
    account(depth, before, -1);
    account(depth, after, +1);
}

void ZoneIndexWriter::State::account(size_t depth, Ref chain, int direction) {
    if (chain == 0 || at<Node>(chain)->has(kNodeAbsent)) return;
    auto step = static_cast<uint64_t>(int64_t{direction});
    for (Ref ref = chain; ref != 0; ref = at<Node>(ref)->shallower) {
        const Node* node = at<Node>(ref);
        name_count += step;
        for (uint16_t i = 0; i < node->rrset_count; ++i)
            if (node->rrsets()[i].count != 0) rrset_count += step;
        if (node->has(kNodeApex)) zone_count += step;
        if (direction < 0) continue;
        if (node->has(kNodeApex)) depth_set(header->apex_depths, depth);
        if (node->has(kNodeCut) || node->has(kNodeDname))
            depth_set(zone_entry(node->zone).cut_depths, depth);
    }
}

void ZoneIndexWriter::State::count_as_child(const HashedName& name, size_t depth, Ref chain,
                                            int direction) {
    if (chain == 0 || at<Node>(chain)->has(kNodeAbsent)) return;
    for (Ref ref = chain; ref != 0; ref = at<Node>(ref)->shallower) {
        if (at<Node>(ref)->has(kNodeApex)) continue;
        Node* parent = side(name, depth - 1, at<Node>(ref)->zone);
        GATEPOST_CHECK(parent != nullptr);
        uint32_t children = parent->children.load(std::memory_order_relaxed);
        // What this transaction made goes as a whole when it is rolled back; older nodes get their
        // count back.
        bool made_here = parent->version == building && parent->undo_index >= zone_mark.undo;
        if (!made_here)
            children_undo.push_back(
                {static_cast<Ref>((reinterpret_cast<uint8_t*>(parent) - segment.data()) / kRefUnit),
                 children});
        parent->children.store(children + static_cast<uint32_t>(direction),
                               std::memory_order_relaxed);
        const uint8_t* label = name.octets + name.offsets[depth];
        if (label[0] == 1 && label[1] == '*')
            parent->flags.store(
                static_cast<uint8_t>(parent->flags.load(std::memory_order_relaxed) | kNodeWildcard),
                std::memory_order_relaxed);
    }
}

void ZoneIndexWriter::State::discard_chain(Ref chain) {
    while (chain != 0) {
        Ref next = at<Node>(chain)->shallower;
        size_t size = at<Node>(chain)->size;
        if (shared)
            blocks.retire(chain, size);
        else
            blocks.free(chain, size);
        chain = next;
    }
}

void ZoneIndexWriter::State::roll_back_to(Mark to) {
    while (undo.size() > to.undo) {
        auto [before, after] = undo.back();
        undo.pop_back();
        const Node* node = at<Node>(after);
        hashed.assign({node->name(), node->name_length}, secret);
        switch_head(hashed, hashed.labels, after, before);
        discard_chain(after);
    }
    for (; children_undo.size() > to.children_undo; children_undo.pop_back())
        at<Node>(children_undo.back().node)
            ->children.store(children_undo.back().children, std::memory_order_relaxed);
    uint64_t epoch = qsbr.epoch.load(std::memory_order_relaxed);
    for (; zones_taken.size() > to.zones_taken; zones_taken.pop_back())
        zones_freed.push_back({epoch, zones_taken.back()});
    zones_removed.resize(to.zones_removed);
}

Node* ZoneIndexWriter::State::apex_of(uint32_t zone) {
    Ref ref = zone_entry(zone).apex.load(std::memory_order_relaxed);
    return at<Node>(ref);
}

void ZoneIndexWriter::State::publish_cookie_secrets() {
    if (cookie_secrets_next == 0) return;
    Ref old = header->cookie_secrets.load(std::memory_order_relaxed);
    header->cookie_secrets.store(cookie_secrets_next, std::memory_order_release);
    cookie_secrets_next = 0;
    if (old != 0) blocks.retire(old, sizeof(CookieSecretSet));
}

void ZoneIndexWriter::State::discard_cookie_secrets() {
    if (cookie_secrets_next != 0) blocks.free(cookie_secrets_next, sizeof(CookieSecretSet));
    cookie_secrets_next = 0;
}

void ZoneIndexWriter::State::publish(ArenaOrigin origin) {
    header->commit_lsn.store(origin.commit_lsn, std::memory_order_relaxed);
    header->commit_time_us.store(origin.commit_time_us, std::memory_order_relaxed);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    header->published_time_us.store(int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000,
                                    std::memory_order_relaxed);
    header->zone_count.store(zone_count, std::memory_order_relaxed);
    header->name_count.store(name_count, std::memory_order_relaxed);
    // A zone whose order cannot be kept for want of room serves without denial proofs until the
    // next rebuild.
    if (!update_orders())
        for (uint32_t zone = 0; zone < zones_used; ++zone)
            zone_entry(zone).order.store(0, std::memory_order_release);
    publish_cookie_secrets();
    // The one store that makes the transaction visible.
    header->version.store(building, std::memory_order_release);

    uint64_t epoch = qsbr.epoch.load(std::memory_order_relaxed);
    for (const Undo& change : undo) {
        if (change.before != 0) discard_chain(change.before);
        if (at<Node>(change.after)->has(kNodeAbsent)) tombstones.push_back({epoch, change.after});
    }
    for (uint32_t zone : zones_removed) zones_freed.push_back({epoch, zone});
    undo.clear();
    children_undo.clear();
    zones_taken.clear();
    zones_removed.clear();
    zone_mark = {};
    ++building;
    shared = true;
    qsbr.advance();
    reclaim();
}

void ZoneIndexWriter::State::reclaim() {
    if (!undo.empty()) return;  // an open transaction may still want to go back to a tombstone
    uint64_t below = qsbr.reclaimable_below();
    std::vector<Ref> gone;
    while (!tombstones.empty() && tombstones.front().epoch < below) {
        Ref ref = tombstones.front().node;
        tombstones.pop_front();
        const Node* node = at<Node>(ref);
        hashed.assign({node->name(), node->name_length}, secret);
        std::atomic<Slot>* slot =
            find_slot(hashed.tag(hashed.labels), {node->name(), node->name_length});
        if (slot == nullptr || slot_ref(slot->load(std::memory_order_relaxed)) != ref) continue;
        slots.remove(slot);
        gone.push_back(ref);
    }
    if (!gone.empty()) drop_from_orders(gone);
    for (Ref ref : gone) discard_chain(ref);
    std::erase_if(zones_freed, [&](const FreedZone& freed) {
        if (freed.epoch >= below) return false;
        if (Ref order = zone_entry(freed.zone).order.exchange(0); order != 0) discard_order(order);
        zones_free.push_back(freed.zone);
        return true;
    });
    blocks.reclaim();
}

}  // namespace gatepost::storage
