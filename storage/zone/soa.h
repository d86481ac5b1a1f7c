// The data of an SOA record by field (RFC 1035 §3.3.13).
#pragma once

#include <cstdint>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/zone/dname.h"

namespace gatepost::storage {

struct Soa {
    Dname mname;
    Dname rname;
    uint32_t serial = 0;
    uint32_t refresh = 0;  // seconds
    uint32_t retry = 0;    // seconds
    uint32_t expire = 0;   // seconds
    uint32_t minimum = 0;  // seconds: TTL of negative answers (RFC 2308 §4)
    uint32_t ttl = 0;      // seconds: TTL of the SOA record itself, which is not part of its data
};

// `ttl` stays 0.
Result<Soa> soa_from_rdata(Bytes rdata);
// Appends the wire form.
void soa_to_rdata(const Soa& soa, std::vector<uint8_t>& out);

}  // namespace gatepost::storage
