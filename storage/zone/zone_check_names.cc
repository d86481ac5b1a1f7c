#include "storage/zone/zone_check_names.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <string_view>

#include "storage/base/check.h"
#include "storage/zone/rdata.h"

namespace gatepost::storage {

namespace {

constexpr size_t kNone = SIZE_MAX;

std::string_view octets_of(DnameView name) {
    return {reinterpret_cast<const char*>(name.data()), name.length()};
}

size_t hash_of(DnameView name) {
    return std::hash<std::string_view>()(octets_of(name));
}

ZoneNames::Target target_of(const ZoneName& name) {
    if (name.has_address()) return ZoneNames::Target::address;
    if (name.standing != Standing::authoritative) return ZoneNames::Target::external;
    return name.find(RRType::CNAME) != nullptr ? ZoneNames::Target::alias
                                               : ZoneNames::Target::nowhere;
}

}  // namespace

ZoneNames::ZoneNames(const ZoneData& zone) : apex_(zone.apex()) {
    collect(zone);
    place_names();
    build_table();
    mark_ns_targets();
}

void ZoneNames::collect(const ZoneData& zone) {
    std::span<const RRset> rrsets = zone.rrsets();
    for (size_t begin = 0, end = 0; begin < rrsets.size(); begin = end) {
        std::string_view owner = octets_of(rrsets[begin].owner());
        for (end = begin + 1; end < rrsets.size() && octets_of(rrsets[end].owner()) == owner;)
            ++end;
        names_.push_back(
            {.name = rrsets[begin].owner(), .rrsets = rrsets.subspan(begin, end - begin)});
    }
}

// In canonical order, what is below a name comes right behind it.
void ZoneNames::place_names() {
    const ZoneName* cut = nullptr;
    const ZoneName* dname = nullptr;
    for (ZoneName& name : names_) {
        if (cut != nullptr && !dname_is_subdomain(name.name, cut->name)) cut = nullptr;
        if (dname != nullptr && !dname_is_subdomain(name.name, dname->name)) dname = nullptr;
        bool is_apex = dname_equal(name.name, apex_);
        if (!dname_is_subdomain(name.name, apex_)) {
            name.standing = Standing::outside;
        } else if (cut != nullptr) {
            name.standing = Standing::occluded;
        } else if (!is_apex && name.find(RRType::NS) != nullptr) {
            name.standing = Standing::cut;
            cut = &name;
        } else {
            name.standing = Standing::authoritative;
        }
        name.below_dname = dname != nullptr;
        if (dname == nullptr && name.standing == Standing::authoritative &&
            name.find(RRType::DNAME) != nullptr)
            dname = &name;
    }
}

void ZoneNames::build_table() {
    slots_.assign(std::bit_ceil(names_.size() * 2 + 1), 0);
    for (size_t index = 0; index < names_.size(); ++index) {
        size_t slot = hash_of(names_[index].name) & (slots_.size() - 1);
        while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
        slots_[slot] = static_cast<uint32_t>(index + 1);
    }
}

void ZoneNames::mark_ns_targets() {
    for (const ZoneName& name : names_) {
        if (name.standing != Standing::cut && !dname_equal(name.name, apex_)) continue;
        const RRset* ns = name.find(RRType::NS);
        if (ns == nullptr) continue;
        for (Bytes rdata : ns->rdatas()) {
            size_t index = find_index(dname_lower({rdata.data(), rdata.size()}));
            if (index != kNone) names_[index].is_ns_target = true;
        }
    }
}

size_t ZoneNames::find_index(DnameView lower) const {
    size_t slot = hash_of(lower) & (slots_.size() - 1);
    for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1))
        if (octets_of(names_[slots_[slot] - 1].name) == octets_of(lower)) return slots_[slot] - 1;
    return kNone;
}

const ZoneName* ZoneNames::find(DnameView name) const {
    size_t index = find_index(dname_lower(name));
    return index != kNone ? &names_[index] : nullptr;
}

// Has data, or has names below it: an empty non-terminal (RFC 4592 §2.2.2).
bool ZoneNames::exists(DnameView lower) const {
    if (find_index(lower) != kNone) return true;
    auto next = std::ranges::lower_bound(
        names_, lower, [](DnameView a, DnameView b) { return dname_compare(a, b) < 0; },
        &ZoneName::name);
    return next != names_.end() && dname_is_subdomain(next->name, lower);
}

ZoneNames::Target ZoneNames::resolve(DnameView target) const {
    Dname lower = dname_lower(target);
    if (!dname_is_subdomain(lower, apex_)) return Target::external;
    size_t index = find_index(lower);
    return index != kNone ? target_of(names_[index]) : resolve_missing(lower);
}

ZoneNames::Target ZoneNames::resolve_missing(DnameView lower) const {
    for (DnameView above = lower; above.length() > apex_.length();) {
        above = above.parent();
        size_t index = find_index(above);
        // The closest name that has data tells: what is below a cut is below it or occluded with
        // it.
        if (index == kNone) continue;
        if (names_[index].standing != Standing::authoritative) return Target::external;
        break;
    }
    if (exists(lower)) return Target::nowhere;
    // RFC 4592 §3.3.1: the wildcard at the closest encloser, and no other.
    DnameView encloser = lower.parent();
    while (encloser.length() > apex_.length() && !exists(encloser)) encloser = encloser.parent();
    constexpr uint8_t kAsterisk[] = {1, '*', 0};
    Result<Dname> wildcard = dname_join(DnameView(kAsterisk, sizeof kAsterisk), encloser);
    size_t index = wildcard ? find_index(*wildcard) : kNone;
    return index != kNone ? target_of(names_[index]) : Target::nowhere;
}

}  // namespace gatepost::storage
