// Sets of UIDs as ranges.
#pragma once

#include <cstdint>
#include <vector>

namespace gatepost::storage {

struct UidRange {
    uint32_t first = 0;
    uint32_t last = 0;  // included, not below `first`

    bool operator==(const UidRange&) const = default;
};

// In a set ranges ascend, and neither meet nor touch.
using UidSet = std::vector<UidRange>;

// Adds a UID above all that are there.
inline void add_uid(UidSet& set, uint32_t uid) {
    if (!set.empty() && set.back().last + 1 == uid)
        set.back().last = uid;
    else
        set.push_back({uid, uid});
}

}  // namespace gatepost::storage
