// CRC-32C (Castagnoli), as iSCSI and ext4 use it (RFC 3720 appendix B.4).
#pragma once

#include <cstdint>

#include "storage/base/bytes.h"

namespace gatepost {

// `crc` is the checksum of what came before, 0 at the start.
uint32_t crc32c(Bytes bytes, uint32_t crc = 0);

}  // namespace gatepost
