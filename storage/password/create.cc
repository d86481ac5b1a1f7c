#include "storage/password/create.h"

#include <fmt/format.h>
#include <string.h>  // explicit_bzero

#include "storage/password/argon2_hash.h"
#include "storage/password/base64.h"
#include "storage/password/digest.h"
#include "storage/password/login_digest.h"
#include "storage/password/otp.h"
#include "storage/password/pbkdf2_hash.h"
#include "storage/password/random.h"
#include "storage/password/scram_keys.h"
#include "storage/password/unix_crypt.h"
#include "storage/password/verify.h"

namespace gatepost::storage {

namespace {

using enum PasswordScheme;

constexpr size_t kSaltSize = 16;        // octets, where the scheme leaves it open
constexpr size_t kArgon2HashSize = 32;  // octets, as libsodium has it
constexpr size_t kBcryptPasswordMax = 72;
constexpr size_t kDesPasswordMax = 8;
// PLAIN-TRUNC names where passwords are cut off: behind all that there can be.
constexpr size_t kTruncatedAt = kPasswordMax + 1;
constexpr uint32_t kOtpSteps = 1024;  // as Dovecot begins
constexpr size_t kOtpSeedSize = 8;    // octets, in hexadecimal: the 16 characters of RFC 2289 §6.0

Result<std::string> hash_with_crypt(const char* prefix, unsigned long cost,
                                    std::string_view password) {
    const auto setting = new_crypt_setting(prefix, cost);
    if (!setting)
        return fail(ErrorCode::refused, "this system's libcrypt makes no salts for '{}'", prefix);
    auto hash = compute_crypt(password, *setting);
    if (!hash)
        return fail(ErrorCode::usage,
                    "crypt(3) takes no password of more than 511 octets, or with an octet 0");
    return std::move(*hash);
}

Result<std::string> hash_with_argon2(Argon2Hash::Type type, std::string_view password) {
    auto salt = random_octets(kSaltSize);
    if (!salt) return tl::unexpected(salt.error());
    Argon2Hash made{.type = type,
                    .memory_kib = kArgon2MemoryKib,
                    .passes = kArgon2Passes,
                    .lanes = kArgon2Lanes,
                    .salt = std::move(*salt),
                    .hash = std::string(kArgon2HashSize, '\0')};
    auto hash = compute_argon2(password, made);
    if (!hash)
        return fail(ErrorCode::refused, "Argon2 could not get {} KiB of memory", kArgon2MemoryKib);
    made.hash = std::move(*hash);
    return made.text();
}

Result<std::string> hash_with_salt(PasswordScheme scheme, std::string_view password) {
    auto salt = random_octets(kSaltSize);
    if (!salt) return tl::unexpected(salt.error());
    auto salted = [&](DigestKind kind) {
        return encode_base64(digest(kind, {password, *salt}) + *salt);
    };
    switch (scheme) {
        case ssha:
            return salted(DigestKind::sha1);
        case ssha256:
            return salted(DigestKind::sha256);
        case ssha512:
            return salted(DigestKind::sha512);
        case smd5:
            return salted(DigestKind::md5);
        case scram_sha_1:
            return derive_scram_keys(ScramHash::sha1, password, *salt, kScramIterations).text();
        case scram_sha_256:
            return derive_scram_keys(ScramHash::sha256, password, *salt, kScramIterations).text();
        case pbkdf2: {
            const std::string written = encode_hex(*salt);
            return Pbkdf2Hash{written, kPbkdf2Iterations,
                              derive_pbkdf2(DigestKind::sha1, password, written, kPbkdf2Iterations)}
                .text();
        }
        default: {  // otp
            const std::string seed = encode_hex(salt->substr(0, kOtpSeedSize));
            return OtpState{DigestKind::sha1, kOtpSteps, seed,
                            compute_otp(DigestKind::sha1, kOtpSteps, seed, password)}
                .text();
        }
    }
}

Result<std::string> hash_data(PasswordScheme scheme, std::string_view password,
                              std::string_view login) {
    switch (scheme) {
        case plain:
        case clear:
        case cleartext:
            return std::string(password);
        case plain_trunc:
            return fmt::format("{}-{}", kTruncatedAt, password);
        case sha:
        case sha1:
            return encode_base64(digest(DigestKind::sha1, {password}));
        case sha256:
            return encode_base64(digest(DigestKind::sha256, {password}));
        case sha512:
            return encode_base64(digest(DigestKind::sha512, {password}));
        case ldap_md5:
            return encode_base64(digest(DigestKind::md5, {password}));
        case plain_md5:
            return encode_hex(digest(DigestKind::md5, {password}));
        case plain_md4:
            return encode_hex(digest(DigestKind::md4, {password}));
        case cram_md5:
        case hmac_md5:
            return encode_hex(cram_md5_states(password));
        case digest_md5:
            return encode_hex(login_digest(login, password));
        case md5:
        case md5_crypt:
            return hash_with_crypt("$1$", 0, password);
        case des_crypt:
            return hash_with_crypt("", 0, password);
        case crypt:
        case blf_crypt:
            return hash_with_crypt("$2y$", kBcryptCost, password);
        case sha256_crypt:
            return hash_with_crypt("$5$", kShaCryptRounds, password);
        case sha512_crypt:
            return hash_with_crypt("$6$", kShaCryptRounds, password);
        case argon2i:
            return hash_with_argon2(Argon2Hash::Type::i, password);
        case argon2id:
        case argon2:
            return hash_with_argon2(Argon2Hash::Type::id, password);
        default:
            return hash_with_salt(scheme, password);
    }
}

// Of a password that the scheme would take only in part, the rest would not be needed to log in.
Status check_password(PasswordScheme scheme, std::string_view password) {
    if (password.empty()) return fail(ErrorCode::usage, "an empty password lets nobody in");
    if (password.size() > kPasswordMax)
        return fail(ErrorCode::usage, "a password has {} octets at most", kPasswordMax);
    size_t taken = kPasswordMax;
    if (scheme == blf_crypt || scheme == crypt) taken = kBcryptPasswordMax;
    if (scheme == des_crypt) taken = kDesPasswordMax;
    if (password.size() > taken)
        return fail(ErrorCode::usage,
                    "{} reads {} octets of a password and no more: choose a shorter one, or {}",
                    scheme_name(scheme), taken, scheme_name(kPreferredScheme));
    return {};
}

}  // namespace

Result<std::string> hash_password(PasswordScheme scheme, std::string_view password,
                                  const CreateOptions& options) {
    if (!is_strong(scheme) && !options.allow_weak)
        return fail(ErrorCode::usage,
                    "{} protects a stolen password badly or not at all: choose {}, or insist on "
                    "the weak scheme",
                    scheme_name(scheme), scheme_name(kPreferredScheme));
    if (scheme == digest_md5 && options.login.empty())
        return fail(ErrorCode::usage, "DIGEST-MD5 needs the login name, which it hashes too");
    if (Status taken = check_password(scheme, password); !taken)
        return tl::unexpected(taken.error());
    auto data = hash_data(scheme, password, options.login);
    if (!data) return data;
    return fmt::format("{{{}}}{}", scheme_name(scheme), *data);
}

Result<std::string> generate_password() {
    // Without 0 O o, 1 I l, and what is easily missed in print.
    constexpr std::string_view kAlphabet =
        "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz";
    static_assert(kAlphabet.size() == 56);
    // An octet of at least this much is thrown away, so that each character is equally likely.
    constexpr size_t kFairBelow = 256 / kAlphabet.size() * kAlphabet.size();
    std::string password;
    while (password.size() < kGeneratedLength) {
        auto random = random_octets(2 * kGeneratedLength);
        if (!random) return random;
        for (char octet : *random) {
            const auto value = static_cast<uint8_t>(octet);
            if (value < kFairBelow && password.size() < kGeneratedLength)
                password.push_back(kAlphabet[value % kAlphabet.size()]);
        }
        ::explicit_bzero(random->data(), random->size());
    }
    return password;
}

}  // namespace gatepost::storage
