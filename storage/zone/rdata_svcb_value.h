// The service parameters of SVCB and HTTPS (RFC 9460): their keys, and the value of each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"

namespace gatepost::storage {

// RFC 9460 §14.3.2, RFC 9461 §5 (dohpath), RFC 9540 §4 (ohttp).
enum SvcKey : uint16_t {
    kSvcMandatory = 0,
    kSvcAlpn = 1,
    kSvcNoDefaultAlpn = 2,
    kSvcPort = 3,
    kSvcIpv4Hint = 4,
    kSvcEch = 5,
    kSvcIpv6Hint = 6,
    kSvcDohPath = 7,
    kSvcOhttp = 8,
    kSvcInvalidKey = 65535,
};

// A name of the above, or "keyNNNNN" for any number. `generic` tells which of the two it was.
// False: neither.
bool svc_key_from_text(std::string_view text, uint16_t& key, bool& generic);
void svc_key_to_text(uint16_t key, std::string& out);

// Appends the wire form of the value whose octets, escapes undone, are `value`. nullptr, or what is
// wrong.
const char* svc_value_from_octets(uint16_t key, std::string_view value, std::vector<uint8_t>& out);
// Whether a value in wire form is right for its key by itself. nullptr, or what is wrong.
const char* svc_value_check(uint16_t key, Bytes value);
// Appends "=value", or nothing for a key without one. The value must be one that svc_value_check
// takes.
void svc_value_to_text(uint16_t key, Bytes value, std::string& out);

}  // namespace gatepost::storage
