// What an authorized URL is signed with (RFC 4467 §2.4.1, §2.5): mechanism INTERNAL.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::dataplane {

// Of a URL up to its access identifier: in hexadecimal, the octet that tells how the rest was made
// (1), and an HMAC-SHA-256 under the key.
std::string url_token(std::string_view key, std::string_view signed_part);

// In a time that does not tell how much of it is right.
bool is_url_token(std::string_view key, std::string_view signed_part, std::string_view token);

}  // namespace gatepost::dataplane
