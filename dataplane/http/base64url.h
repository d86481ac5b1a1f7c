// base64 in the alphabet that URLs have (RFC 4648 §5), as DoH's GET carries a query.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::dataplane {

// Decodes `text` into `room`, which has at least 3/4 of its octets and may be its own memory. '='
// at the end, which RFC 8484 §6 leaves out, is taken in any number: there are clients that add it
// blindly. nullopt: that is no base64url.
std::optional<size_t> decode_base64url(std::string_view text, uint8_t* room);

}  // namespace gatepost::dataplane
