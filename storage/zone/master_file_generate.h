// The $GENERATE line's range and templates, with BIND's meaning.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::storage {

struct GenerateRange {
    int64_t start = 0;
    int64_t stop = 0;  // included
    int64_t step = 1;

    uint64_t count() const { return static_cast<uint64_t>((stop - start) / step) + 1; }
};

// "start-stop" or "start-stop/step", numbers up to 2147483647.
Result<GenerateRange> generate_range_from_text(std::string_view text);

// Writes `pattern` to `out` with each "$" replaced by the value and each "${offset[,width[,base]]}"
// by the value plus offset, zero-padded to the width in base d, o, x, X, or in nibbles (n, N:
// hexadecimal digits, the lowest first, with dots between them, which count towards the width).
// "$$" is a "$"; what stands behind a "\" is copied with it.
Status expand_generate_pattern(std::string_view pattern, int64_t value, std::string& out);

}  // namespace gatepost::storage
