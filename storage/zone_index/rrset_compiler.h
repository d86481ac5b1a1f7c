// Compiles record data into answer form (see layout.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/zone/dname.h"
#include "storage/zone/rrtype.h"
#include "storage/zone_index/layout.h"

namespace gatepost::storage {

// An answer must hold it beside a header, a question of any name and an OPT record.
inline constexpr size_t kRRsetSizeMax = 65535 - 12 - (kDnameLengthMax + 4) - 11;

struct CompiledRRset {
    uint16_t type = 0;
    uint16_t count = 0;
    uint8_t flags = 0;          // RRsetFlag
    std::vector<uint8_t> data;  // cleared by compile
};

// Into `out`, whose buffer is reused. `owner` is lower-cased. The error says what cannot be served.
Status compile_rrset(DnameView owner, RRType type, uint32_t ttl, std::span<const Bytes> rdatas,
                     CompiledRRset& out);

// Appends one RRSIG record in answer form. Its TTL is its Original TTL field, which is that of the
// RRset it covers (RFC 4034 §3.1.4). Gives the covered type.
Result<uint16_t> compile_signature(Bytes rdata, std::vector<uint8_t>& out);

}  // namespace gatepost::storage
