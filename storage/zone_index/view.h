// What a reader sees of a zones arena: one published version of it, for as long as a burst lasts.
#pragma once

#include <cstdint>
#include <cstring>

#include "storage/arena/slot_table.h"
#include "storage/zone_index/cookie_secrets.h"
#include "storage/zone_index/layout.h"
#include "storage/zone_index/name_hash.h"

namespace gatepost::storage {

class ZoneView {
  public:
    ZoneView() = default;
    // The version is loaded first: the table found after it holds at least all that version has.
    explicit ZoneView(const uint8_t* base) : base_(base) {
        const auto* header = reinterpret_cast<const ArenaHeader*>(base);
        version_ = header->version.load(std::memory_order_acquire);
        table_ = at<SlotTable>(header->table.load(std::memory_order_acquire));
        zones_ = at<ZoneTable>(header->zones.load(std::memory_order_acquire))->entries();
        secret_ = {header->hash_secret[0], header->hash_secret[1]};
    }

    bool empty() const { return base_ == nullptr; }
    const HashSecret& secret() const { return secret_; }
    uint64_t version() const { return version_; }
    const ArenaHeader& header() const { return *reinterpret_cast<const ArenaHeader*>(base_); }
    const SlotTable& table() const { return *table_; }
    const ZoneEntry& zone(uint32_t zone) const { return zones_[zone]; }

    template <typename T>
    const T* at(Ref ref) const {
        return reinterpret_cast<const T*>(base_ + size_t{ref} * kRefUnit);
    }

    // The node that `newest` is in this version; nullptr: the name is not there.
    const Node* visible(const Node* newest) const {
        while (newest->version > version_) [[unlikely]] {
                if (newest->previous == 0) return nullptr;
                newest = at<Node>(newest->previous);
            }
        return newest->has(kNodeAbsent) ? nullptr : newest;
    }

    // First node whose tag fits, in whatever version, for prefetching; 0: surely no such name.
    Ref candidate(uint32_t tag) const {
        for (uint32_t i = tag;; ++i) {
            Slot slot = table_->at(i);
            if (slot == 0) return 0;
            if (slot_tag(slot) == tag && slot_ref(slot) != kSlotDeleted) return slot_ref(slot);
        }
    }

    // The node of the whole name, given what candidate() said for its tag under this view.
    const Node* find_from(Ref candidate, const HashedName& name) const {
        if (candidate == 0) return nullptr;
        const Node* node = at<Node>(candidate);
        if (node->name_length == name.length &&
            equal_padded(node->name(), name.octets, name.length)) [[likely]]
            return visible(node);
        return find(name, name.labels);  // two names with one tag
    }

    // The node of the name made of the last `depth` labels, in the deepest zone that has it.
    const Node* find(const HashedName& name, size_t depth) const {
        const uint8_t* octets = name.octets + name.offsets[depth];
        return find(name.tag(depth), octets, size_t{name.length} - name.offsets[depth]);
    }
    // `lower` is readable up to a multiple of 8 octets.
    const Node* find(uint32_t tag, const uint8_t* lower, size_t length) const {
        for (uint32_t i = tag;; ++i) {
            Slot slot = table_->at(i);
            if (slot == 0) return nullptr;
            if (slot_tag(slot) != tag || slot_ref(slot) == kSlotDeleted) continue;
            const Node* node = at<Node>(slot_ref(slot));
            if (node->name_length == length && equal_padded(node->name(), lower, length))
                return visible(node);
        }
    }

    // The node of the same name in that zone; nullptr: it is not there.
    const Node* side(const Node* head, uint32_t zone) const {
        while (head->zone != zone) {
            if (head->shallower == 0) return nullptr;
            head = at<Node>(head->shallower);
        }
        return head;
    }

    // The node whose NSEC record matches or covers the name: the last one not behind it in
    // canonical order. nullptr: the zone has no NSEC records.
    const Node* nsec_for(uint32_t zone, DnameView name) const;

    // The secrets of DNS cookies; nullptr: none are shared.
    const CookieSecretSet* cookie_secrets() const {
        Ref ref = header().cookie_secrets.load(std::memory_order_acquire);
        return ref == 0 ? nullptr : at<CookieSecretSet>(ref);
    }

    // The apex node of a zone in this version.
    const Node* apex(uint32_t zone) const {
        Ref ref = zones_[zone].apex.load(std::memory_order_acquire);
        return ref == 0 ? nullptr : visible(at<Node>(ref));
    }

    // Whether a zone cut, a DNAME or the apex of another zone may lie at that depth inside `zone`.
    bool may_divide(uint32_t zone, size_t depth) const {
        return depth_test(zones_[zone].cut_depths, depth) ||
               depth_test(header().apex_depths, depth);
    }

  private:
    const uint8_t* base_ = nullptr;
    uint64_t version_ = 0;
    const SlotTable* table_ = nullptr;
    const ZoneEntry* zones_ = nullptr;
    HashSecret secret_{};
};

}  // namespace gatepost::storage
