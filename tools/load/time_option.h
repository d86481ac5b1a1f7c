// An option that is a time.
#pragma once

#include <cstdint>
#include <string>

#include "storage/base/error.h"

namespace gatepost::tools {

// "500ms", "10s", "1m": from a millisecond to seven days, in nanoseconds. `option` is named in the
// error, which is of code usage.
Result<uint64_t> time_option_ns(const char* option, const std::string& text);

}  // namespace gatepost::tools
