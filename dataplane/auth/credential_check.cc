#include "dataplane/auth/credential_check.h"

#include <string.h>  // explicit_bzero

#include <algorithm>

#include "storage/password/argon2_hash.h"

namespace gatepost::dataplane {

namespace {

using storage::VerifyOutcome;

void take_the_usual_time(std::string_view password) {
    const storage::Argon2Hash decoy{.memory_kib = storage::kArgon2MemoryKib,
                                    .passes = storage::kArgon2Passes,
                                    .lanes = storage::kArgon2Lanes,
                                    .salt = std::string(16, '\0'),
                                    .hash = std::string(32, '\0')};
    (void)storage::compute_argon2(password.substr(0, storage::kPasswordMax), decoy);
}

}  // namespace

CredentialCheck::~CredentialCheck() {
    ::explicit_bzero(password.data(), password.size());
}

void CredentialCheck::run() {
    match.reset();
    rehash_wanted = false;
    unusable = 0;
    const size_t tried = std::min(crypt_strings.size(), kCredentialsTriedMax);
    for (size_t i = 0; i < tried && !match; ++i) {
        const VerifyOutcome outcome =
            storage::verify_password(password, crypt_strings[i], login, limits);
        if (outcome == VerifyOutcome::match) {
            match = static_cast<uint32_t>(i);
            rehash_wanted = storage::needs_rehash(crypt_strings[i], preferred);
        } else if (outcome != VerifyOutcome::mismatch) {
            ++unusable;
            unusable_outcome = outcome;
        }
    }
    if (unusable == tried && !match) take_the_usual_time(password);
}

}  // namespace gatepost::dataplane
