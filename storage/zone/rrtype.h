// The types of resource records: numbers, mnemonics, classes, and what serving one needs to know of
// it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::storage {

// Any 16-bit value is a legal RRType (RFC 3597); the named ones are those treated by name.
// clang-format off
enum class RRType : uint16_t {
    A = 1, NS = 2, CNAME = 5, SOA = 6, PTR = 12, HINFO = 13, MX = 15, TXT = 16, RP = 17, AFSDB = 18,
    AAAA = 28, LOC = 29, SRV = 33, NAPTR = 35, DNAME = 39, OPT = 41, APL = 42, DS = 43, SSHFP = 44,
    RRSIG = 46, NSEC = 47, DNSKEY = 48, NSEC3 = 50, NSEC3PARAM = 51, TLSA = 52, SMIMEA = 53,
    CDS = 59, CDNSKEY = 60, OPENPGPKEY = 61, CSYNC = 62, ZONEMD = 63, SVCB = 64, HTTPS = 65,
    EUI48 = 108, EUI64 = 109, TKEY = 249, TSIG = 250, IXFR = 251, AXFR = 252, MAILB = 253,
    MAILA = 254, ANY = 255, URI = 256, CAA = 257,
};
// clang-format on

inline constexpr uint16_t kClassIn = 1;
inline constexpr uint16_t kClassCh = 3;
inline constexpr uint16_t kClassAny = 255;

// "MX", or "TYPE65280" for a type without a mnemonic (RFC 3597 §5).
std::string rrtype_to_text(RRType type);
// Mnemonic or TYPEnnn, without regard to case.
Result<RRType> rrtype_from_text(std::string_view text);

// True for types that are only ever asked for or used in messages, never stored in a zone (RFC 6895
// §3.1).
bool rrtype_is_meta(RRType type);
// True for the types that may stand beside a CNAME: RRSIG, NSEC, and KEY (RFC 4034 §2.5, RFC 2181
// §10.1).
bool rrtype_allowed_beside_cname(RRType type);

}  // namespace gatepost::storage
