// What a stored password may cost to verify. A hash says itself how much memory and time it takes;
// one that was taken over from elsewhere, or planted, must not stop the process.
#pragma once

#include <cstdint>

namespace gatepost::storage {

// Each about a second of one core, and no more memory than a small server can spare for each of
// its helper threads.
struct CostLimits {
    uint32_t argon2_memory_kib = 256 << 10;
    uint64_t argon2_filled_kib = 1 << 20;  // memory × passes: what is written in all
    uint32_t argon2_lanes = 64;            // they are worked out one after the other
    uint32_t pbkdf2_iterations = 2'000'000;
    uint32_t scram_iterations = 2'000'000;
    uint32_t sha_crypt_rounds = 1'000'000;      // SHA256-CRYPT, SHA512-CRYPT
    uint32_t bcrypt_cost = 14;                  // 2^cost rounds
    uint64_t scrypt_memory_octets = 256 << 20;  // yescrypt, gost-yescrypt and scrypt
    uint32_t other_crypt_rounds = 200'000;      // sha1crypt, SunMD5, the extended DES of BSD
    uint32_t otp_steps = 10'000;                // RFC 2289 §8.1: counts have four digits
};

}  // namespace gatepost::storage
