// Queries drawn from a zone: how many of which kind, evenly over all names of each kind.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/zone/zone_data.h"
#include "tools/load/query/query_list.h"

namespace gatepost::tools {

enum class QueryKind : uint8_t {
    address,   // A and AAAA that are there
    other,     // other types that are there, and aliases
    nodata,    // names that are there, a type that is not
    nxdomain,  // names that are not there
    wildcard,  // names that a wildcard answers for
    referral,  // names below a delegation
};
inline constexpr size_t kQueryKinds = 6;
std::string_view query_kind_to_text(QueryKind kind);

struct MixWeights {
    std::array<uint32_t, kQueryKinds> of_kind = {70, 8, 5, 10, 4, 3};
    // A kind with a weight that the zone has no name for: an error where it was asked for by name,
    // left out where it comes from the defaults.
    bool strict = false;

    uint32_t operator[](QueryKind kind) const { return of_kind[static_cast<size_t>(kind)]; }
};

// "address=80,nxdomain=20": weights of the kinds named, none of the others.
Result<MixWeights> mix_from_text(std::string_view text);

struct MixOptions {
    MixWeights weights;
    size_t count = 1'000'000;  // queries
    uint64_t seed = 1;
};

Result<QueryList> queries_from_zone(const storage::ZoneData& zone, const MixOptions& options);

}  // namespace gatepost::tools
