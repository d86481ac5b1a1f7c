// Dovecot's PBKDF2: "$1$salt$rounds$hex", PBKDF2 with HMAC-SHA-1 and the salt as it is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::storage {

struct Pbkdf2Hash {
    std::string salt;  // text, without '$'
    uint32_t iterations = 0;
    std::string hash;  // 20 octets

    // nullopt: not in that form.
    static std::optional<Pbkdf2Hash> parse(std::string_view text);
    std::string text() const;
};

}  // namespace gatepost::storage
