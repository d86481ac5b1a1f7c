// One-time passwords (RFC 2289) as Dovecot stores them: "sha1 1024 seed hex". The stored password
// can be verified with the passphrase; the mechanism itself is not offered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/password/digest.h"

namespace gatepost::storage {

struct OtpState {
    DigestKind hash = DigestKind::sha1;
    uint32_t steps = 0;
    std::string seed;
    std::string value;  // 8 octets

    static std::optional<OtpState> parse(std::string_view text);
    std::string text() const;
};

// RFC 2289 §6.0: the value after that many steps.
std::string compute_otp(DigestKind hash, uint32_t steps, std::string_view seed,
                        std::string_view passphrase);

}  // namespace gatepost::storage
