// Where a name leads in the zones served here: steps 2 and 3 of the algorithm of RFC 1034 §4.3.2.
#pragma once

#include <cstdint>

#include "storage/zone_index/view.h"

namespace gatepost::dataplane {

enum class Place : uint8_t {
    outside,   // no zone here encloses the name
    exact,     // `node` is the name
    wildcard,  // `node` is the wildcard that stands for the name (RFC 4592)
    missing,   // `node` is the closest encloser: the name does not exist
    cut,       // `node` is a zone cut at or above the name
    dname,     // `node` has a DNAME and is above the name
};

struct Location {
    Place place = Place::outside;
    uint8_t depth = 0;  // labels of `node`, or of the wildcard's parent
    const storage::Node* node = nullptr;
};

// `exact` is what the index has for the whole name, if anything. `type` matters at a zone cut
// alone: DS is the parent's (RFC 4035 §3.1.4.1).
Location locate(const storage::ZoneView& view, const storage::HashedName& name,
                const storage::Node* exact, uint16_t type);

}  // namespace gatepost::dataplane
