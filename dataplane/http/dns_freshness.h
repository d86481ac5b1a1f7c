// How long a DNS reply may be kept by an HTTP cache.
#pragma once

#include <cstdint>

#include "storage/base/bytes.h"

namespace gatepost::dataplane {

// Seconds. 0 for whatever is an error, or says nothing about it. A reply that is malformed, which
// ours are not, may not be kept either.
uint32_t freshness_s(Bytes reply);

}  // namespace gatepost::dataplane
