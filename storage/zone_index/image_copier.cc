#include "storage/zone_index/image_copier.h"

#include <cstring>
#include <new>

#include "storage/zone/rrtype.h"

namespace gatepost::storage {

namespace {

size_t round_up(size_t value, size_t unit) {
    return (value + unit - 1) / unit * unit;
}

Ref ref_at(size_t offset) {
    return static_cast<Ref>(offset / kRefUnit);
}

}  // namespace

template <typename Visit>
void ImageCopier::for_each_name(Visit visit) const {
    const SlotTable& table = view_.table();
    for (size_t i = 0; i <= table.mask; ++i) {
        Slot slot = table.at(static_cast<uint32_t>(i));
        if (!is_filled(slot)) continue;
        if (const Node* node = view_.visible(view_.at<Node>(slot_ref(slot))); node != nullptr)
            visit(slot_tag(slot), node);
    }
}

ImageCopier::ImageCopier(const uint8_t* source) : view_(source) {
    size_t names = 0;
    size_t octets = 0;
    for_each_name([&](uint32_t, const Node* node) {
        ++names;
        for (;; node = view_.at<Node>(node->shallower)) {
            octets += node->size;
            if (node->zone >= zone_capacity_) zone_capacity_ = node->zone + 1;
            if (node->shallower == 0) break;
        }
    });
    for (uint32_t zone = 0; zone < zone_capacity_; ++zone)
        if (Ref ref = view_.zone(zone).order.load(std::memory_order_acquire); ref != 0) {
            octets += round_up(OrderTable::size_bytes(view_.at<OrderTable>(ref)->count), kRefUnit);
            orders_.push_back({zone, ref});
        }
    cookie_secrets_ = view_.cookie_secrets();
    if (cookie_secrets_ != nullptr) octets += sizeof(CookieSecretSet);
    slots_ = slots_for(names);
    size_ = kArenaHeaderSize + sizeof(SlotTable) + slots_ * sizeof(Slot) + sizeof(ZoneTable) +
            zone_capacity_ * sizeof(ZoneEntry) + octets;
    size_ = round_up(size_ + kArenaTailPadding, kRefUnit);
}

void ImageCopier::copy_zones(uint8_t* target, size_t at) const {
    auto* zones = reinterpret_cast<ZoneTable*>(target + at);
    zones->capacity = zone_capacity_;
    for (uint32_t i = 0; i < zone_capacity_; ++i)
        for (size_t word = 0; word < 2; ++word)
            zones->entries()[i].cut_depths[word].store(
                view_.zone(i).cut_depths[word].load(std::memory_order_relaxed));
}

void ImageCopier::copy_cookie_secrets(uint8_t* target, size_t at) const {
    std::memcpy(target + at, cookie_secrets_, sizeof(CookieSecretSet));
    reinterpret_cast<ArenaHeader*>(target)->cookie_secrets.store(ref_at(at));
}

bool ImageCopier::owns_nsec(const Node* newest, uint32_t zone) const {
    const Node* node = view_.visible(newest);
    if (node != nullptr) node = view_.side(node, zone);
    return node != nullptr && node->find(static_cast<uint16_t>(RRType::NSEC)) != nullptr;
}

void ImageCopier::copy_orders(uint8_t* target, size_t at) const {
    ZoneView copy(target);
    auto* zones = const_cast<ZoneEntry*>(&copy.zone(0));
    HashedName name;
    for (auto [zone, table] : orders_) {
        const auto* from = view_.at<OrderTable>(table);
        auto* to = reinterpret_cast<OrderTable*>(target + at);
        for (uint32_t i = 0; i < from->count; ++i) {
            const auto* newest = view_.at<Node>(from->names()[i].load(std::memory_order_acquire));
            if (!owns_nsec(newest, zone)) continue;
            name.assign({newest->name(), newest->name_length}, view_.secret());
            const Node* node = copy.find(name, name.labels);
            to->names()[to->count++].store(
                ref_at(static_cast<size_t>(reinterpret_cast<const uint8_t*>(node) - target)));
        }
        if (to->count == 0) continue;
        zones[zone].order.store(ref_at(at));
        at += round_up(OrderTable::size_bytes(to->count), kRefUnit);
    }
}

void ImageCopier::copy_to(uint8_t* target) const {
    const ArenaHeader& from = view_.header();
    auto* header = new (target) ArenaHeader{};
    header->magic = kArenaMagic;
    header->format_version = kArenaFormatVersion;
    header->generation = from.generation;
    std::memcpy(header->hash_secret, from.hash_secret, sizeof header->hash_secret);
    header->version.store(view_.version());
    for (size_t word = 0; word < 2; ++word) {
        header->name_depths[word].store(from.name_depths[word].load());
        header->apex_depths[word].store(from.apex_depths[word].load());
    }
    // These five may be of a version that came just after: they tell of freshness, not of content.
    header->commit_lsn.store(from.commit_lsn.load());
    header->commit_time_us.store(from.commit_time_us.load());
    header->published_time_us.store(from.published_time_us.load());

    size_t at = kArenaHeaderSize;
    auto* table = reinterpret_cast<SlotTable*>(target + at);
    table->mask = static_cast<uint32_t>(slots_ - 1);
    header->table.store(ref_at(at));
    at += table->size_bytes();
    copy_zones(target, at);
    auto* zones = reinterpret_cast<ZoneTable*>(target + at);
    header->zones.store(ref_at(at));
    at += sizeof(ZoneTable) + zone_capacity_ * sizeof(ZoneEntry);

    uint64_t names = 0;
    uint64_t zone_count = 0;
    for_each_name([&](uint32_t tag, const Node* node) {
        Ref first = ref_at(at);
        slot_insert(*table, tag, first);
        if (node->has(kNodeApex)) {
            zones->entries()[node->zone].apex.store(first);
            ++zone_count;
        }
        while (true) {
            auto* copy = reinterpret_cast<Node*>(target + at);
            std::memcpy(static_cast<void*>(copy), node, node->size);
            copy->previous = 0;
            at += node->size;
            ++names;
            if (node->shallower == 0) break;
            copy->shallower = ref_at(at);
            node = view_.at<Node>(node->shallower);
        }
    });
    if (cookie_secrets_ != nullptr) {
        copy_cookie_secrets(target, at);
        at += sizeof(CookieSecretSet);
    }
    copy_orders(target, at);
    header->zone_count.store(zone_count);
    header->name_count.store(names);
}

}  // namespace gatepost::storage
