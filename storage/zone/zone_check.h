// Rules that a whole zone has to keep to be served well. Errors refuse an import; warnings are
// told. Where Knot's kzonecheck has a rule, ours has its meaning and, nearly, its words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"
#include "storage/zone/dname.h"
#include "storage/zone/rrtype.h"
#include "storage/zone/zone_data.h"

namespace gatepost::storage {

enum class Severity : uint8_t { error, warning };

struct Finding {
    Severity severity{};
    std::string_view rule;  // a stable name, as "glue-missing"
    Dname owner;
    RRType type{};
    std::string message;  // what, and what was expected
    std::string place;    // file:line, or empty

    std::string text() const;  // place: severity: owner type: message [rule]
};

struct ZoneCheckOptions {
    size_t findings_max = 1000;  // kept; the rest is only counted
};

struct ZoneCheckReport {
    std::vector<Finding> findings;  // errors first, otherwise in the zone's order
    size_t error_count = 0;
    size_t warning_count = 0;

    bool ok() const { return error_count == 0; }
    // All errors of a refused zone as one error, a line each.
    Status status() const;
};

ZoneCheckReport check_zone(const ZoneData& zone, const ZoneCheckOptions& options = {});

}  // namespace gatepost::storage
