// Message digests and PBKDF2, out of Nettle: the one library that can be in a process with
// BoringSSL as well as in one with OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace gatepost::storage {

enum class DigestKind : uint8_t { md4, md5, sha1, sha256, sha512 };

inline constexpr size_t kDigestMax = 64;  // octets

constexpr size_t digest_size(DigestKind kind) {
    switch (kind) {
        case DigestKind::md4:
        case DigestKind::md5:
            return 16;
        case DigestKind::sha1:
            return 20;
        case DigestKind::sha256:
            return 32;
        case DigestKind::sha512:
            return kDigestMax;
    }
    return 0;
}

// Of the parts, one after the other.
std::string digest(DigestKind kind, std::initializer_list<std::string_view> parts);

// HMAC (RFC 2104); SHA-1 and SHA-256 only.
std::string hmac(DigestKind kind, std::string_view key, std::string_view message);

// PBKDF2 (RFC 8018 §5.2) with HMAC; SHA-1 and SHA-256 only. One digest long.
std::string derive_pbkdf2(DigestKind kind, std::string_view password, std::string_view salt,
                          uint32_t iterations);

// Outer and inner MD5 state of HMAC after the key (Dovecot's CRAM-MD5), 32 octets.
std::string cram_md5_states(std::string_view password);

// In a time that depends on the lengths alone.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace gatepost::storage
