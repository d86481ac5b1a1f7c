// Positions in PostgreSQL's write-ahead log: 64 bits, written as two hexadecimal halves
// ("16/B374D848").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::controlplane {

using Lsn = uint64_t;  // 0 is no position

std::string lsn_to_text(Lsn lsn);
Result<Lsn> lsn_from_text(std::string_view text);

}  // namespace gatepost::controlplane
