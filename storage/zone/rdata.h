// Record data between its three forms: presentation text, wire, canonical wire (RFC 4034 §6.2).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/zone/dname.h"
#include "storage/zone/rrtype.h"
#include "storage/zone/token.h"

namespace gatepost::storage {

inline constexpr size_t kRdataLengthMax = 65535;  // octets: RDLENGTH is 16 bits

// Where text parsing failed: `token` is the index of the culprit (the count of tokens where
// something is missing at the end), so that a master-file reader can give line and column.
struct RdataTextError {
    size_t token = 0;
    std::string message;  // "what, and what was expected"
};

// Appends the wire form of the tokens to `out` (uncompressed names, case kept; relative names are
// completed with `origin`). The RFC 3597 form "\# length hex" is taken for every type, and must
// then be valid for a known one. On error `out` is as it was.
tl::expected<void, RdataTextError> rdata_from_tokens(RRType type, std::span<const Token> tokens,
                                                     DnameView origin, std::vector<uint8_t>& out);
// The same for text that holds nothing but the data, as a column of the database does.
Status rdata_from_text(RRType type, std::string_view text, DnameView origin,
                       std::vector<uint8_t>& out);

// Presentation text, names absolute. Data that is not valid for the type comes in RFC 3597 form.
std::string rdata_to_text(RRType type, Bytes rdata);

// Whether `rdata` is well-formed for `type`; unknown types always are. The error says what is
// wrong.
Status rdata_check(RRType type, Bytes rdata);

// Lower-cases the names inside where RFC 4034 §6.2 (as amended by RFC 6840 §5.1) says so, in place.
// `rdata` must be well-formed.
void rdata_canonicalize(RRType type, std::span<uint8_t> rdata);

// A domain name inside record data that serving cares about.
struct RdataName {
    size_t offset = 0;
    size_t length = 0;
    bool compressible = false;  // RFC 3597 §4: only the types of RFC 1035 may be compressed
    // Its addresses belong into the additional section (NS MX SRV SVCB HTTPS AFSDB).
    bool additional = false;
};
// The names inside `rdata`, in order; at most `out.size()` are written. Gives their count.
// `rdata` must be well-formed. Of SVCB/HTTPS in AliasMode or with target ".", the target counts as
// additional only where it is not the root.
size_t rdata_names(RRType type, Bytes rdata, std::span<RdataName> out);
inline constexpr size_t kRdataNamesMax = 2;  // SOA, RP

}  // namespace gatepost::storage
