// The schemes in which a password can be stored: those of Dovecot, by the same names.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace gatepost::storage {

// The number of a scheme is never stored: its name is.
enum class PasswordScheme : uint8_t {
    plain,
    clear,
    cleartext,
    plain_trunc,
    sha,
    sha1,
    sha256,
    sha512,
    ssha,
    ssha256,
    ssha512,
    smd5,
    ldap_md5,
    plain_md5,
    plain_md4,
    md5_crypt,
    md5,
    des_crypt,
    crypt,
    sha256_crypt,
    sha512_crypt,
    blf_crypt,
    argon2i,
    argon2id,
    argon2,
    pbkdf2,
    scram_sha_1,
    scram_sha_256,
    cram_md5,
    hmac_md5,
    digest_md5,
    otp,
};

// All of them, in the order of their numbers.
std::span<const PasswordScheme> password_schemes();

// "SHA512-CRYPT"
std::string_view scheme_name(PasswordScheme scheme);
// Without regard to case. nullopt: there is no such scheme.
std::optional<PasswordScheme> find_scheme(std::string_view name);

// Whether new passwords may be stored in it without anybody insisting. The others store the
// password itself, or let whoever reads the hash try billions of passwords a second.
bool is_strong(PasswordScheme scheme);

}  // namespace gatepost::storage
