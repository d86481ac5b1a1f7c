#include "storage/password/password_scheme.h"

#include <strings.h>

#include <array>

namespace gatepost::storage {

namespace {

using enum PasswordScheme;

struct SchemeRow {
    std::string_view name;
    bool strong = false;
};

// By number. SSHA512 is a fast hash all the same; it is here for tools that read nothing better.
constexpr auto kSchemes = std::to_array<SchemeRow>({
    {"PLAIN"},
    {"CLEAR"},
    {"CLEARTEXT"},
    {"PLAIN-TRUNC"},
    {"SHA"},
    {"SHA1"},
    {"SHA256"},
    {"SHA512"},
    {"SSHA"},
    {"SSHA256"},
    {"SSHA512", true},
    {"SMD5"},
    {"LDAP-MD5"},
    {"PLAIN-MD5"},
    {"PLAIN-MD4"},
    {"MD5-CRYPT"},
    {"MD5"},
    {"DES-CRYPT"},
    {"CRYPT", true},  // what is created under this name is BLF-CRYPT
    {"SHA256-CRYPT"},
    {"SHA512-CRYPT", true},
    {"BLF-CRYPT", true},
    {"ARGON2I", true},
    {"ARGON2ID", true},
    {"ARGON2", true},
    {"PBKDF2", true},
    {"SCRAM-SHA-1"},
    {"SCRAM-SHA-256", true},
    {"CRAM-MD5"},
    {"HMAC-MD5"},
    {"DIGEST-MD5"},
    {"OTP"},
});
static_assert(kSchemes.size() == static_cast<size_t>(otp) + 1);

constexpr auto kAll = [] {
    std::array<PasswordScheme, kSchemes.size()> all{};
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<PasswordScheme>(i);
    return all;
}();

}  // namespace

std::span<const PasswordScheme> password_schemes() {
    return kAll;
}

std::string_view scheme_name(PasswordScheme scheme) {
    return kSchemes[static_cast<size_t>(scheme)].name;
}

std::optional<PasswordScheme> find_scheme(std::string_view name) {
    for (PasswordScheme scheme : kAll) {
        std::string_view known = scheme_name(scheme);
        if (known.size() == name.size() &&
            ::strncasecmp(known.data(), name.data(), name.size()) == 0)
            return scheme;
    }
    return std::nullopt;
}

bool is_strong(PasswordScheme scheme) {
    return kSchemes[static_cast<size_t>(scheme)].strong;
}

}  // namespace gatepost::storage
