// Whether a password is the one that is stored.
#pragma once

#include <cstdint>
#include <string_view>

#include "storage/password/cost_limits.h"
#include "storage/password/password_scheme.h"

namespace gatepost::storage {

// A longer password matches nothing, and none is stored: the formulas read all of it.
inline constexpr size_t kPasswordMax = 1024;  // octets

enum class VerifyOutcome : uint8_t {
    match,
    mismatch,
    malformed,    // what is stored is not of its scheme's form: it matches no password
    unsupported,  // the scheme, or this form of it, cannot be verified here
    too_costly,   // more than CostLimits allow, or than there is memory
};

// "the stored password is malformed": for logs.
std::string_view outcome_text(VerifyOutcome outcome);

// `login` is the name that the client gave, for DIGEST-MD5, which hashes it too. A stored password
// without {SCHEME} is taken for CRYPT. The empty password never matches, whatever is stored.
// Takes from a microsecond (SSHA512) to about a second (at the limits), and no system call but for
// memory: in a process with a reactor this is for a helper thread.
VerifyOutcome verify_password(std::string_view password, std::string_view crypt_string,
                              std::string_view login, const CostLimits& limits = {});

}  // namespace gatepost::storage
