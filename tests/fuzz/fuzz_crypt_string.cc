// Stored passwords: whatever is stored, reading and verifying it ends, within the costs allowed,
// and only a password that the form itself shows can match.
#include <string>
#include <string_view>

#include "storage/base/check.h"
#include "storage/password/create.h"
#include "storage/password/password_hash.h"
#include "storage/password/verify.h"

using namespace gatepost;
using namespace gatepost::storage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    constexpr CostLimits kLow{.argon2_memory_kib = 64,
                              .argon2_filled_kib = 128,
                              .argon2_lanes = 4,
                              .pbkdf2_iterations = 16,
                              .scram_iterations = 16,
                              .sha_crypt_rounds = 1000,
                              .bcrypt_cost = 4,
                              .scrypt_memory_octets = 1 << 16,
                              .other_crypt_rounds = 100,
                              .otp_steps = 16};
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = parse_crypt_string(text);
    const VerifyOutcome outcome = verify_password("secret", text, "alice@example.test", kLow);
    if (!parsed) GATEPOST_CHECK(outcome == VerifyOutcome::malformed);
    GATEPOST_CHECK(verify_password("", text, "", kLow) != VerifyOutcome::match);
    const bool prefix = parsed && parsed->scheme == PasswordScheme::plain_trunc;
    const VerifyOutcome other = verify_password("Another", text, "alice@example.test", kLow);
    if (outcome == VerifyOutcome::match && !prefix)
        GATEPOST_CHECK(other == VerifyOutcome::mismatch);
    (void)needs_rehash(text, kPreferredScheme);
    return 0;
}
