// Keeps the canonical order of the names with NSEC records, for zones that are signed that way.
#include <algorithm>
#include <cstring>
#include <map>

#include "storage/zone_index/writer_state.h"

namespace gatepost::storage {

namespace {

constexpr uint16_t kTypeNsec = static_cast<uint16_t>(RRType::NSEC);

DnameView name_of(const Node* node) {
    return {node->name(), node->name_length};
}

}  // namespace

std::atomic<Ref>* ZoneIndexWriter::State::find_in_order(uint32_t zone, DnameView name) {
    Ref ref = zone_entry(zone).order.load(std::memory_order_relaxed);
    if (ref == 0) return nullptr;
    auto* order = at<OrderTable>(ref);
    std::atomic<Ref>* end = order->names() + order->count;
    auto* found = std::lower_bound(
        order->names(), end, name, [this](const std::atomic<Ref>& entry, DnameView wanted) {
            return dname_compare(name_of(at<Node>(entry.load())), wanted) < 0;
        });
    if (found == end || !dname_equal(name_of(at<Node>(found->load())), name)) return nullptr;
    return found;
}

// A name that changes twice in a transaction, in two zones, has two entries in the undo.
bool ZoneIndexWriter::State::is_newest(Ref ref) {
    hashed.assign(name_of(at<Node>(ref)), secret);
    return head(hashed, hashed.labels) == ref;
}

// Each changed name stands for its newest node, from which readers of older versions go back as
// they do from a slot; names new to the order are merged in.
Status ZoneIndexWriter::State::update_orders() {
    std::map<uint32_t, std::vector<Ref>> added;
    for (const Undo& change : undo) {
        const Node* head = at<Node>(change.after);
        for (const Node* node = head;; node = at<Node>(node->shallower)) {
            if (std::atomic<Ref>* entry = find_in_order(node->zone, name_of(node)))
                entry->store(change.after, std::memory_order_release);
            else if (node->find(kTypeNsec) != nullptr && is_newest(change.after))
                added[node->zone].push_back(change.after);
            if (node->shallower == 0) break;
        }
        // Zones that the name left in this transaction.
        for (Ref ref = change.before; ref != 0; ref = at<Node>(ref)->shallower)
            if (std::atomic<Ref>* entry = find_in_order(at<Node>(ref)->zone, name_of(head)))
                entry->store(change.after, std::memory_order_release);
    }
    for (auto& [zone, names] : added)
        if (Status ok = merge_order(zone, names, {}); !ok) return ok;
    return {};
}

Status ZoneIndexWriter::State::merge_order(uint32_t zone, std::vector<Ref>& added,
                                           const std::vector<Ref>& dropped) {
    auto before = [this](Ref a, Ref b) {
        return dname_compare(name_of(at<Node>(a)), name_of(at<Node>(b))) < 0;
    };
    std::sort(added.begin(), added.end(), before);
    std::vector<Ref> kept;
    Ref old = zone_entry(zone).order.load(std::memory_order_relaxed);
    if (old != 0) {
        auto* order = at<OrderTable>(old);
        for (uint32_t i = 0; i < order->count; ++i) {
            Ref name = order->names()[i].load(std::memory_order_relaxed);
            if (!std::binary_search(dropped.begin(), dropped.end(), name)) kept.push_back(name);
        }
    }
    std::vector<Ref> merged(kept.size() + added.size());
    std::merge(kept.begin(), kept.end(), added.begin(), added.end(), merged.begin(), before);
    Ref block = 0;
    if (!merged.empty()) {
        block = blocks.allocate(OrderTable::size_bytes(merged.size()));
        if (block == 0)
            return fail(ErrorCode::refused,
                        "the index arena is full at {} MiB: raise [controlplane] arena_size_max",
                        segment.size() >> 20);
        auto* order = at<OrderTable>(block);
        order->count = static_cast<uint32_t>(merged.size());
        for (size_t i = 0; i < merged.size(); ++i)
            order->names()[i].store(merged[i], std::memory_order_relaxed);
    }
    zone_entry(zone).order.store(block, std::memory_order_release);
    if (old != 0) discard_order(old);
    return {};
}

void ZoneIndexWriter::State::discard_order(Ref block) {
    size_t size = OrderTable::size_bytes(at<OrderTable>(block)->count);
    if (shared)
        blocks.retire(block, size);
    else
        blocks.free(block, size);
}

// Names whose tombstones are about to go: nothing may refer to those nodes any more.
void ZoneIndexWriter::State::drop_from_orders(std::vector<Ref> tombstones_gone) {
    std::vector<uint32_t> affected;
    for (Ref ref : tombstones_gone) {
        const Node* node = at<Node>(ref);
        hashed.assign(name_of(node), secret);
        for (size_t depth = 0; depth <= hashed.labels; ++depth) {
            if (!depth_test(header->apex_depths, depth)) continue;
            Ref apex = head(hashed, depth);
            if (apex == 0 || !at<Node>(apex)->has(kNodeApex)) continue;
            uint32_t zone = at<Node>(apex)->zone;
            if (find_in_order(zone, name_of(node)) != nullptr) affected.push_back(zone);
        }
        if (find_in_order(node->zone, name_of(node)) != nullptr) affected.push_back(node->zone);
    }
    std::sort(tombstones_gone.begin(), tombstones_gone.end());
    std::sort(affected.begin(), affected.end());
    affected.erase(std::unique(affected.begin(), affected.end()), affected.end());
    std::vector<Ref> none;
    // An order that cannot be laid out anew for want of room is given up: no proof rather than a
    // wrong one.
    for (uint32_t zone : affected)
        if (!merge_order(zone, none, tombstones_gone)) {
            discard_order(zone_entry(zone).order.load());
            zone_entry(zone).order.store(0, std::memory_order_release);
        }
}

}  // namespace gatepost::storage
