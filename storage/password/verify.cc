#include "storage/password/verify.h"

#include <string.h>  // explicit_bzero

#include <optional>
#include <string>

#include "storage/password/argon2_hash.h"
#include "storage/password/digest.h"
#include "storage/password/login_digest.h"
#include "storage/password/number_text.h"
#include "storage/password/otp.h"
#include "storage/password/password_hash.h"
#include "storage/password/pbkdf2_hash.h"
#include "storage/password/scram_keys.h"
#include "storage/password/unix_crypt.h"

namespace gatepost::storage {

namespace {

using enum PasswordScheme;

VerifyOutcome outcome_of(bool equal) {
    return equal ? VerifyOutcome::match : VerifyOutcome::mismatch;
}

// An unsalted digest.
VerifyOutcome verify_digest(DigestKind kind, std::string_view password, std::string_view stored) {
    if (stored.size() != digest_size(kind)) return VerifyOutcome::malformed;
    return outcome_of(equal_in_constant_time(digest(kind, {password}), stored));
}

// H(password || salt) || salt
VerifyOutcome verify_salted(DigestKind kind, std::string_view password, std::string_view stored) {
    const size_t size = digest_size(kind);
    if (stored.size() < size) return VerifyOutcome::malformed;
    return outcome_of(equal_in_constant_time(digest(kind, {password, stored.substr(size)}),
                                             stored.substr(0, size)));
}

// "8-password": the text is what was left of a password after so many octets, or all of it.
VerifyOutcome verify_truncated(std::string_view password, std::string_view stored) {
    const size_t dash = stored.find_first_not_of("0123456789");
    // Some that import write PLAIN under this name. It begins with digits and a dash by bad luck
    // only.
    if (dash == 0 || dash == std::string_view::npos || stored[dash] != '-')
        return outcome_of(equal_in_constant_time(password, stored));
    const auto length = decimal_number<uint32_t>(stored.substr(0, dash));
    stored.remove_prefix(dash + 1);
    if (!length || *length == 0 || stored.empty()) return VerifyOutcome::malformed;
    if (stored.size() == *length && password.size() >= stored.size())
        password = password.substr(0, stored.size());
    return outcome_of(equal_in_constant_time(password, stored));
}

VerifyOutcome verify_argon2(std::string_view password, std::string_view stored,
                            const CostLimits& limits) {
    const auto parsed = Argon2Hash::parse(stored);
    if (!parsed) return VerifyOutcome::malformed;
    if (parsed->memory_kib > limits.argon2_memory_kib || parsed->lanes > limits.argon2_lanes ||
        uint64_t{parsed->memory_kib} * parsed->passes > limits.argon2_filled_kib)
        return VerifyOutcome::too_costly;
    const auto computed = compute_argon2(password, *parsed);
    if (!computed) return VerifyOutcome::too_costly;
    return outcome_of(equal_in_constant_time(*computed, parsed->hash));
}

VerifyOutcome verify_crypt(std::string_view password, std::string_view stored,
                           const CostLimits& limits) {
    if (stored.starts_with("$argon2")) return verify_argon2(password, stored, limits);
    switch (crypt_cost(stored, limits)) {
        case CryptCost::beyond:
            return VerifyOutcome::too_costly;
        case CryptCost::malformed:
            return VerifyOutcome::malformed;
        case CryptCost::within:
            break;
    }
    // crypt(3) ends a password at an octet 0: another one than was typed would do.
    if (password.find('\0') != std::string_view::npos) return VerifyOutcome::mismatch;
    const auto computed = compute_crypt(password, stored);
    if (!computed) return VerifyOutcome::malformed;
    return outcome_of(equal_in_constant_time(*computed, stored));
}

VerifyOutcome verify_pbkdf2(std::string_view password, std::string_view stored,
                            const CostLimits& limits) {
    const auto parsed = Pbkdf2Hash::parse(stored);
    if (!parsed) return VerifyOutcome::malformed;
    if (parsed->iterations > limits.pbkdf2_iterations) return VerifyOutcome::too_costly;
    const std::string computed =
        derive_pbkdf2(DigestKind::sha1, password, parsed->salt, parsed->iterations);
    return outcome_of(equal_in_constant_time(computed, parsed->hash));
}

VerifyOutcome verify_scram(ScramHash hash, std::string_view password, std::string_view stored,
                           const CostLimits& limits) {
    const auto keys = parse_scram_keys(stored, hash);
    if (!keys) return VerifyOutcome::malformed;
    if (keys->iterations > limits.scram_iterations) return VerifyOutcome::too_costly;
    const ScramKeys derived = derive_scram_keys(hash, password, keys->salt, keys->iterations);
    return outcome_of(equal_in_constant_time(derived.stored_key, keys->stored_key));
}

VerifyOutcome verify_otp(std::string_view password, std::string_view stored,
                         const CostLimits& limits) {
    const auto state = OtpState::parse(stored);
    if (!state) return VerifyOutcome::malformed;
    if (state->steps > limits.otp_steps) return VerifyOutcome::too_costly;
    const std::string computed = compute_otp(state->hash, state->steps, state->seed, password);
    return outcome_of(equal_in_constant_time(computed, state->value));
}

VerifyOutcome verify_states(std::string_view password, std::string_view stored) {
    const std::string computed = cram_md5_states(password);
    if (stored.size() != computed.size()) return VerifyOutcome::malformed;
    return outcome_of(equal_in_constant_time(computed, stored));
}

VerifyOutcome verify_by_login(std::string_view password, std::string_view stored,
                              std::string_view login) {
    const std::string computed = login_digest(login, password);
    if (stored.size() != computed.size()) return VerifyOutcome::malformed;
    return outcome_of(equal_in_constant_time(computed, stored));
}

VerifyOutcome verify_plain(std::string_view password, std::string_view stored) {
    if (stored.empty()) return VerifyOutcome::malformed;
    return outcome_of(equal_in_constant_time(password, stored));
}

VerifyOutcome verify_data(PasswordScheme scheme, std::string_view password, std::string_view stored,
                          std::string_view login, const CostLimits& limits) {
    switch (scheme) {
        case plain:
        case clear:
        case cleartext:
            return verify_plain(password, stored);
        case plain_trunc:
            return verify_truncated(password, stored);
        case sha:
        case sha1:
            return verify_digest(DigestKind::sha1, password, stored);
        case sha256:
            return verify_digest(DigestKind::sha256, password, stored);
        case sha512:
            return verify_digest(DigestKind::sha512, password, stored);
        case ssha:
            return verify_salted(DigestKind::sha1, password, stored);
        case ssha256:
            return verify_salted(DigestKind::sha256, password, stored);
        case ssha512:
            return verify_salted(DigestKind::sha512, password, stored);
        case smd5:
            return verify_salted(DigestKind::md5, password, stored);
        case ldap_md5:
        case plain_md5:
            return verify_digest(DigestKind::md5, password, stored);
        case plain_md4:
            return verify_digest(DigestKind::md4, password, stored);
        case md5:
        case md5_crypt:
        case des_crypt:
        case crypt:
        case sha256_crypt:
        case sha512_crypt:
        case blf_crypt:
            return verify_crypt(password, stored, limits);
        case argon2i:
        case argon2id:
        case argon2:
            return verify_argon2(password, stored, limits);
        case pbkdf2:
            return verify_pbkdf2(password, stored, limits);
        case scram_sha_1:
            return verify_scram(ScramHash::sha1, password, stored, limits);
        case scram_sha_256:
            return verify_scram(ScramHash::sha256, password, stored, limits);
        case cram_md5:
        case hmac_md5:
            return verify_states(password, stored);
        case digest_md5:
            return verify_by_login(password, stored, login);
        case otp:
            return verify_otp(password, stored, limits);
    }
    return VerifyOutcome::unsupported;
}

}  // namespace

std::string_view outcome_text(VerifyOutcome outcome) {
    switch (outcome) {
        case VerifyOutcome::match:
            return "the password is right";
        case VerifyOutcome::mismatch:
            return "the password is wrong";
        case VerifyOutcome::malformed:
            return "the stored password is malformed";
        case VerifyOutcome::unsupported:
            return "the stored password has a scheme that cannot be verified";
        case VerifyOutcome::too_costly:
            return "the stored password costs more to verify than the limits allow";
    }
    return {};
}

VerifyOutcome verify_password(std::string_view password, std::string_view crypt_string,
                              std::string_view login, const CostLimits& limits) {
    const auto parsed = parse_crypt_string(crypt_string);
    if (!parsed) return VerifyOutcome::malformed;
    if (password.empty() || password.size() > kPasswordMax) return VerifyOutcome::mismatch;
    std::optional<std::string> stored = parsed->decoded();
    if (!stored) return VerifyOutcome::malformed;
    const VerifyOutcome outcome = verify_data(parsed->scheme, password, *stored, login, limits);
    ::explicit_bzero(stored->data(), stored->size());
    return outcome;
}

}  // namespace gatepost::storage
