// Zones: the row with the SOA's fields, and what counts as one zone for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct Zone {
    int64_t id = 0;
    std::string name;    // absolute, as all names here
    std::string domain;  // that it belongs to; empty: none
    std::string mname;
    std::string rname;
    uint32_t serial = 0;
    uint32_t refresh = 0;  // seconds, as the rest
    uint32_t retry = 0;
    uint32_t expire = 0;
    uint32_t minimum = 0;
    uint32_t soa_ttl = 0;
    uint32_t default_ttl = 0;
    std::string created_at;  // RFC 3339, UTC
    std::string updated_at;
    // Only where they were asked for; both with the SOA.
    uint64_t rrset_count = 0;
    uint64_t record_count = 0;
};

// Without a value: what the schema's columns default to.
struct SoaTimers {
    std::optional<uint32_t> refresh;  // seconds, as the rest
    std::optional<uint32_t> retry;
    std::optional<uint32_t> expire;
    std::optional<uint32_t> minimum;
    std::optional<uint32_t> ttl;  // of the SOA, the NS set, and of records added without one
};

struct NewZone {
    std::string name;
    std::vector<std::string> name_servers;  // at least one; the first is the MNAME
    std::string email;                      // mail address or RNAME; empty: hostmaster@ the zone
    std::optional<uint32_t> serial;         // empty: 1
    SoaTimers timers;
};

struct ZoneListOptions {
    std::string contains;  // only zones with this in their name
    std::string after;     // only zones behind this name: the last one of the previous page
    size_t limit = 0;      // 0: all
    bool counts = true;
};

// The zone must not exist; the error for one that does is of code conflict.
Result<WriteResult> zone_create(Connection& connection, const NewZone& zone,
                                const WriteOptions& options);
Result<Zone> zone_get(Connection& connection, std::string_view name);
Result<int64_t> zone_get_id(Connection& connection, std::string_view name);
// In the order of their names' octets.
Result<std::vector<Zone>> zone_list(Connection& connection, const ZoneListOptions& options = {});
// With all its RRsets, which only the history keeps.
Result<WriteResult> zone_remove(Connection& connection, std::string_view name,
                                const WriteOptions& options);

// For the writers of RRsets: the row of the zone that `name` names, without counts, locked until
// the end of the transaction against every other writer of the zone; and the check of if_serial.
Result<Zone> zone_lock(Connection& connection, std::string_view name, const WriteOptions& options);
// Of a zone with this id; for the end of a write.
Result<uint32_t> zone_serial(Connection& connection, int64_t zone_id);

// Inserts the row of `zone` and gives its id. Inside a transaction, as the next one.
Result<int64_t> zone_insert_row(Connection& connection, const NewZone& zone);
// The zone's NS set as `zone` wants it.
Result<RRsetChange> zone_write_name_servers(Connection& connection, const Zone& row,
                                            const NewZone& zone);

}  // namespace gatepost::controlplane
