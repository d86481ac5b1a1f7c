// Records by hand: adding one value, setting a whole RRset, removing either, and looking. Names,
// types and values come as people write them (names.h). Each write is one transaction.
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

// One value more. A TTL given here becomes that of the whole RRset (RFC 2181 §5.2); without, it
// keeps its own, or gets the zone's default. A value that is there already changes nothing.
Result<WriteResult> record_add(Connection& connection, std::string_view zone, std::string_view name,
                               std::string_view type, std::string_view value,
                               std::optional<uint32_t> ttl, const WriteOptions& options);

// These values and no others.
Result<WriteResult> record_set(Connection& connection, std::string_view zone, std::string_view name,
                               std::string_view type, const std::vector<std::string>& values,
                               std::optional<uint32_t> ttl, const WriteOptions& options);

// Without `value` the whole RRset goes, without `type` every one of the name. Nothing to remove is
// an error.
Result<WriteResult> record_remove(Connection& connection, std::string_view zone,
                                  std::string_view name, std::string_view type,
                                  std::string_view value, const WriteOptions& options);

struct RecordListOptions {
    std::string name;   // only of this name; empty: of all
    std::string type;   // only of this type; empty: of all
    size_t limit = 0;   // RRsets; 0: all
    size_t offset = 0;  // RRsets
};

struct ListedRRset {
    std::string name;
    std::string type;
    uint32_t ttl = 0;  // seconds
    std::vector<std::string> values;
};

// In the order of the names' octets; without the SOA, which zone_get has.
Result<std::vector<ListedRRset>> record_list(Connection& connection, std::string_view zone,
                                             const RecordListOptions& options = {});

}  // namespace gatepost::controlplane
