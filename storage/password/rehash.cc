#include <array>

#include "storage/password/argon2_hash.h"
#include "storage/password/create.h"
#include "storage/password/number_text.h"
#include "storage/password/password_hash.h"
#include "storage/password/pbkdf2_hash.h"
#include "storage/password/scram_keys.h"

namespace gatepost::storage {

namespace {

using enum PasswordScheme;

// Names for one and the same form.
PasswordScheme canonical(PasswordScheme scheme) {
    switch (scheme) {
        case clear:
        case cleartext:
            return plain;
        case sha:
            return sha1;
        case hmac_md5:
            return cram_md5;
        case argon2:
            return argon2id;
        case md5:
            return md5_crypt;
        case crypt:
            return blf_crypt;  // what is created under this name
        default:
            return scheme;
    }
}

// What crypt(3)'s data are, whatever name they are stored under.
PasswordScheme actual_scheme(PasswordScheme scheme, std::string_view data) {
    struct Prefix {
        std::string_view text;
        PasswordScheme scheme;
    };
    constexpr auto kPrefixes = std::to_array<Prefix>({
        {"$argon2id$", argon2id},
        {"$argon2i$", argon2i},
        {"$2b$", blf_crypt},
        {"$2y$", blf_crypt},
        {"$5$", sha256_crypt},
        {"$6$", sha512_crypt},
        {"$1$", md5_crypt},
    });
    if (scheme == argon2 || scheme == argon2i || scheme == argon2id || scheme == crypt ||
        scheme == blf_crypt || scheme == sha256_crypt || scheme == sha512_crypt) {
        for (const Prefix& prefix : kPrefixes)
            if (data.starts_with(prefix.text)) return prefix.scheme;
        return des_crypt;  // or something that is not created here: another one in any case
    }
    return canonical(scheme);
}

bool is_costly_enough(PasswordScheme scheme, std::string_view data) {
    switch (scheme) {
        case argon2i:
        case argon2id: {
            const auto hash = Argon2Hash::parse(data);
            return hash && hash->version == 19 && hash->memory_kib >= kArgon2MemoryKib &&
                   hash->passes >= kArgon2Passes;
        }
        case blf_crypt: {
            constexpr size_t kPrefixLength = 4;  // "$2y$"
            std::string_view rest = data.substr(kPrefixLength);
            return decimal_number<uint32_t>(take_field(rest, '$')).value_or(0) >= kBcryptCost;
        }
        case sha256_crypt:
        case sha512_crypt: {
            constexpr std::string_view kRounds = "rounds=";
            std::string_view rest = data.substr(3);
            if (!rest.starts_with(kRounds)) return false;  // the 5,000 of old
            rest.remove_prefix(kRounds.size());
            return decimal_number<uint32_t>(take_field(rest, '$')).value_or(0) >= kShaCryptRounds;
        }
        case pbkdf2: {
            const auto hash = Pbkdf2Hash::parse(data);
            return hash && hash->iterations >= kPbkdf2Iterations;
        }
        case scram_sha_1:
        case scram_sha_256: {
            const auto hash = scheme == scram_sha_1 ? ScramHash::sha1 : ScramHash::sha256;
            const auto keys = parse_scram_keys(data, hash);
            return keys && keys->iterations >= kScramIterations;
        }
        default:
            return true;  // of a fixed cost
    }
}

}  // namespace

bool needs_rehash(std::string_view crypt_string, PasswordScheme wanted) {
    const auto parsed = parse_crypt_string(crypt_string);
    if (!parsed) return true;
    const auto data = parsed->decoded();
    if (!data) return true;
    const PasswordScheme scheme = actual_scheme(parsed->scheme, *data);
    // Those who log in by SCRAM cannot, with any other: its keys stay.
    if (scheme == scram_sha_256 && canonical(wanted) != scheme) return false;
    return scheme != canonical(wanted) || !is_costly_enough(scheme, *data);
}

}  // namespace gatepost::storage
