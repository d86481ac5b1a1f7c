// The form in which a password is stored: {SCHEME}data, or {SCHEME.hex}data, {SCHEME.b64}data
// where the data have another encoding than is usual for the scheme. Dovecot's form, so that its
// users can be taken over as they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/error.h"
#include "storage/password/password_scheme.h"

namespace gatepost::storage {

enum class PasswordEncoding : uint8_t {
    usual,   // the scheme's own
    base64,  // ".b64", ".base64"
    hex,     // ".hex"
};

// The longest stored form that is looked at, in octets. PLAIN of the longest password, in
// hexadecimal, with its scheme in front, is about half as long.
inline constexpr size_t kCryptStringMax = 4096;

// Views into the text that was parsed.
struct CryptString {
    PasswordScheme scheme = PasswordScheme::crypt;
    PasswordEncoding encoding = PasswordEncoding::usual;
    std::string_view data;

    // The data as the scheme's formula has them: decoded, for the schemes of digests, and where an
    // encoding is named. nullopt: they are not in that encoding.
    std::optional<std::string> decoded() const;
};

// A text without {SCHEME} is of `otherwise` (Dovecot's default_pass_scheme, which is CRYPT unless
// it is set). Refused (invalid): too long, a brace that is not closed, an unknown scheme or
// encoding. The messages never contain the data.
Result<CryptString> parse_crypt_string(std::string_view text,
                                       PasswordScheme otherwise = PasswordScheme::crypt);

}  // namespace gatepost::storage
