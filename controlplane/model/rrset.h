// One RRset in the database: reading it, and writing it with a note of what it was. These functions
// work inside a transaction of the caller, who holds the zone's lock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct RRsetValues {
    uint32_t ttl = 0;                 // seconds
    std::vector<std::string> values;  // canonical presentation form

    bool operator==(const RRsetValues&) const = default;
};

// What one RRset was, and became.
struct RRsetChange {
    std::string name;
    std::string type;
    std::optional<RRsetValues> before;  // none: there was none
    std::optional<RRsetValues> after;   // none: it is gone

    bool changed() const { return before != after; }
};

Result<std::optional<RRsetValues>> rrset_read(Connection& connection, int64_t zone_id,
                                              const std::string& name, const std::string& type);
// Makes the RRset be `after`, and writes nothing where it is so already.
Result<RRsetChange> rrset_write(Connection& connection, int64_t zone_id, const std::string& name,
                                const std::string& type, std::optional<RRsetValues> after);

}  // namespace gatepost::controlplane
