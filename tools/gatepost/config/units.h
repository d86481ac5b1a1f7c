// Durations and sizes as people write them: "30s", "1h30m", "250ms", "64MiB". A number without a
// unit is refused, for nobody can tell seconds from milliseconds by looking.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::tools {

// Units: ms, s, m or min, h, d.
Result<std::chrono::milliseconds> duration_from_text(std::string_view text);
std::string duration_to_text(std::chrono::milliseconds duration);

// Units: B, KiB, MiB, GiB, TiB, and the decimal kB, MB, GB, TB. Gives octets.
Result<uint64_t> size_from_text(std::string_view text);
// The largest binary unit that divides it.
std::string size_to_text(uint64_t octets);

}  // namespace gatepost::tools
