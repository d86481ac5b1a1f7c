// Argon2 (RFC 9106) in the PHC form that libsodium and Dovecot have:
// $argon2id$v=19$m=65536,t=3,p=1$salt$hash
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::storage {

struct Argon2Hash {
    enum class Type : uint8_t { d, i, id };

    Type type = Type::id;
    uint32_t version = 19;  // or 16, from before 2016
    uint32_t memory_kib = 0;
    uint32_t passes = 0;
    uint32_t lanes = 0;
    std::string salt;
    std::string hash;

    // nullopt: not in that form, or outside of what RFC 9106 §3.1 allows.
    static std::optional<Argon2Hash> parse(std::string_view text);
    std::string text() const;
};

// The hash of `password`, as long as `parameters.hash`, with all else out of `parameters`. In this
// thread, whatever the number of lanes. nullopt: the memory is not to be had.
std::optional<std::string> compute_argon2(std::string_view password, const Argon2Hash& parameters);

}  // namespace gatepost::storage
