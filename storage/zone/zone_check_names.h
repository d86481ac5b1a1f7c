// The names of a zone, each with its RRsets and its place among zone cuts, to be looked up by the
// checks. Refers to the ZoneData.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/zone/dname.h"
#include "storage/zone/rrset.h"
#include "storage/zone/rrtype.h"
#include "storage/zone/zone_data.h"

namespace gatepost::storage {

enum class Standing : uint8_t {
    outside,  // not at or below the apex
    authoritative,
    cut,       // has NS, is not the apex: the child zone's data begin here
    occluded,  // below a cut (RFC 2181 §6)
};

struct ZoneName {
    DnameView name;  // lower-cased
    std::span<const RRset> rrsets;
    Standing standing{};
    bool below_dname = false;
    bool is_ns_target = false;  // of some NS record in the zone

    const RRset* find(RRType type) const {
        for (const RRset& rrset : rrsets)
            if (rrset.type() == type) return &rrset;
        return nullptr;
    }
    bool has_address() const { return find(RRType::A) != nullptr || find(RRType::AAAA) != nullptr; }
};

class ZoneNames {
  public:
    explicit ZoneNames(const ZoneData& zone);

    std::span<const ZoneName> all() const { return names_; }  // in canonical order
    // Of exactly that name, without regard to case; nullptr: it has no data.
    const ZoneName* find(DnameView name) const;

    // What a target inside the zone comes to.
    enum class Target : uint8_t {
        external,  // out of the zone, or the child's business
        address,
        alias,    // a CNAME
        nowhere,  // no such name, or one without an address
    };
    // A wildcard counts as RFC 4592 has it.
    Target resolve(DnameView target) const;

  private:
    void collect(const ZoneData& zone);
    void place_names();
    void mark_ns_targets();
    void build_table();
    size_t find_index(DnameView lower) const;
    bool exists(DnameView lower) const;
    Target resolve_missing(DnameView lower) const;

    Dname apex_;
    std::vector<ZoneName> names_;
    std::vector<uint32_t>
        slots_;  // open addressing: index into names_ + 1, 0 is free; a power of two
};

}  // namespace gatepost::storage
