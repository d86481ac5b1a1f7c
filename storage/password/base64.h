// base64 (RFC 4648 §4) and base16 (§8), read strictly: no blanks, no line ends, no bits left over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::storage {

enum class Base64Padding : uint8_t {
    required,  // RFC 4648 §3.2
    optional,  // whole or absent: some that store hashes leave it out
    absent,    // the PHC form of Argon2 has none
};

// nullopt: that is no base64.
std::optional<std::string> decode_base64(std::string_view text, Base64Padding padding);
// Padded, unless it is to be `absent`.
std::string encode_base64(std::string_view octets, Base64Padding padding = Base64Padding::required);

// Digits of either case. nullopt: that is no base16.
std::optional<std::string> decode_hex(std::string_view text);
std::string encode_hex(std::string_view octets);  // lower case

}  // namespace gatepost::storage
