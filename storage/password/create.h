// Storing a password.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/error.h"
#include "storage/password/password_scheme.h"

namespace gatepost::storage {

// What is created where nobody says otherwise.
inline constexpr PasswordScheme kPreferredScheme = PasswordScheme::argon2id;

// The costs of new hashes: 20 to 50 ms of a core each (SCRAM: 6 ms), so that a busy server can
// verify the logins of its clients while whoever stole the hashes can try few passwords a second.
//
// Argon2id: the first choice of OWASP's Password Storage Cheat Sheet. libsodium's interactive
// profile takes 64 MiB, which four helper threads at once would make a quarter of a GiB, in the
// process that also answers DNS.
inline constexpr uint32_t kArgon2MemoryKib = 19456;
inline constexpr uint32_t kArgon2Passes = 2;
inline constexpr uint32_t kArgon2Lanes = 1;
inline constexpr uint32_t kBcryptCost = 10;  // 2^10 rounds; Dovecot's 5 is of another time
inline constexpr uint32_t kShaCryptRounds = 100'000;
inline constexpr uint32_t kPbkdf2Iterations = 200'000;
// RFC 7677 §4 wants 4,096 at least, and more where clients can; Cyrus SASL refuses more than
// 65,536. The client does this work at each login, the server when the password is set.
inline constexpr uint32_t kScramIterations = 50'000;

struct CreateOptions {
    bool allow_weak = false;      // schemes that are not is_strong()
    std::string_view login = {};  // DIGEST-MD5 hashes it too
};

// "{ARGON2ID}$argon2id$…", with a new salt. Refused (usage): a weak scheme without allow_weak; an
// empty password, or one longer than kPasswordMax; one that the scheme would cut off (BLF-CRYPT
// after 72 octets, DES-CRYPT after 8), or that has an octet 0 where crypt(3) is used.
Result<std::string> hash_password(PasswordScheme scheme, std::string_view password,
                                  const CreateOptions& options = {});

// Whether to store the password again, now that it is known: what is stored has another scheme
// than `wanted`, lower costs than new hashes of it, or cannot be read. Keys of SCRAM-SHA-256 stay.
bool needs_rehash(std::string_view crypt_string, PasswordScheme wanted);

// 20 characters out of 56, of which none looks like another: 116 bits of entropy.
inline constexpr size_t kGeneratedLength = 20;
Result<std::string> generate_password();

}  // namespace gatepost::storage
