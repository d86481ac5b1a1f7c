// Compiles rules about what is in a message into what workers scan with (filter_image.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/filter/filter_source.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

// Octets that a message needs for its place in the patterns for bodies, or for raw messages, while
// it comes in. A thousand ordinary patterns take some 500; long repetitions take more.
inline constexpr size_t kFilterStreamMax = size_t{64} << 10;

// A rule that has no part in the filter.
struct HeldFilterRule {
    std::string what;  // "filter rule casino"
    std::string reason;
};

struct FilterCompilation {
    std::vector<uint8_t> image;
    std::vector<HeldFilterRule> held;
    size_t rules = 0;     // of everybody, and of accounts
    size_t patterns = 0;  // different ones
};

// Of rules that are not active nothing is left. A rule that cannot be compiled is held, and the
// others are not concerned. An error (invalid): all of them together are too large.
// For the processor that it runs on. Takes from milliseconds to seconds: 0.3 s for 1,000 rules.
Result<FilterCompilation> compile_filter(const FilterSource& source);

}  // namespace gatepost::controlplane
