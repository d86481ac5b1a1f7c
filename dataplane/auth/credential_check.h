// Which of an account's credentials a password is, as work for a helper thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/auth/helper_threads.h"
#include "storage/password/create.h"
#include "storage/password/verify.h"

namespace gatepost::dataplane {

// More are not tried: the owner of an account could make each login as expensive as she likes.
inline constexpr size_t kCredentialsTriedMax = 32;

class CredentialCheck final : public HelperJob {
  public:
    CredentialCheck() = default;
    ~CredentialCheck() override;  // wipes the password

    // Before: copies, since an arena can change meanwhile. Without any crypt string (there is no
    // such account, or it may not log in) the check takes as long as one of the preferred scheme,
    // and fails: how long a login takes does not tell who has an account.
    std::string login;
    std::string password;  // or a token
    std::vector<std::string> crypt_strings;
    storage::PasswordScheme preferred = storage::kPreferredScheme;
    storage::CostLimits limits;

    // After it is done:
    std::optional<uint32_t> match;  // which crypt string
    bool rehash_wanted = false;     // that one is weaker than what is preferred
    // Crypt strings that could not be verified (malformed, unsupported, too costly): somebody
    // cannot log in until it is mended. And why, for the log.
    uint32_t unusable = 0;
    storage::VerifyOutcome unusable_outcome = storage::VerifyOutcome::mismatch;

    void run() override;
};

}  // namespace gatepost::dataplane
