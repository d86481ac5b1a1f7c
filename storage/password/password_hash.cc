#include "storage/password/password_hash.h"

#include <strings.h>

#include "storage/password/base64.h"

namespace gatepost::storage {

namespace {

using enum PasswordScheme;

struct UsualEncoding {
    PasswordEncoding encoding = PasswordEncoding::usual;  // usual: none, the data are text
    size_t octets = 0;  // of the digest, where it is always the same; 0: a salt follows
};

UsualEncoding usual_encoding(PasswordScheme scheme) {
    switch (scheme) {
        case sha:
        case sha1:
            return {PasswordEncoding::base64, 20};
        case sha256:
            return {PasswordEncoding::base64, 32};
        case sha512:
            return {PasswordEncoding::base64, 64};
        case ldap_md5:
            return {PasswordEncoding::base64, 16};
        case ssha:
        case ssha256:
        case ssha512:
        case smd5:
            return {PasswordEncoding::base64, 0};
        case plain_md5:
        case plain_md4:
        case digest_md5:
            return {PasswordEncoding::hex, 16};
        case cram_md5:
        case hmac_md5:
            return {PasswordEncoding::hex, 32};
        default:
            return {};
    }
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Result<CryptString> parse_crypt_string(std::string_view text, PasswordScheme otherwise) {
    if (text.size() > kCryptStringMax)
        return fail(ErrorCode::invalid, "a stored password of {} octets is too long: {} at most",
                    text.size(), kCryptStringMax);
    CryptString parsed;
    parsed.scheme = otherwise;
    parsed.data = text;
    if (text.starts_with('{')) {
        const size_t close = text.find('}');
        if (close == std::string_view::npos)
            return fail(ErrorCode::invalid,
                        "a stored password begins with '{{' and has no '}}': {{SCHEME}}data is "
                        "expected");
        std::string_view name = text.substr(1, close - 1);
        parsed.data = text.substr(close + 1);
        if (const size_t dot = name.find('.'); dot != std::string_view::npos) {
            const std::string_view encoding = name.substr(dot + 1);
            name = name.substr(0, dot);
            if (equals_ignoring_case(encoding, "b64") || equals_ignoring_case(encoding, "base64"))
                parsed.encoding = PasswordEncoding::base64;
            else if (equals_ignoring_case(encoding, "hex"))
                parsed.encoding = PasswordEncoding::hex;
            else
                return fail(ErrorCode::invalid,
                            "a stored password has an encoding that is neither b64, base64 nor "
                            "hex");
        }
        const auto scheme = find_scheme(name);
        if (!scheme)
            return fail(ErrorCode::invalid,
                        "a stored password has an unknown scheme; known are those of Dovecot, such "
                        "as ARGON2ID, BLF-CRYPT and SHA512-CRYPT");
        parsed.scheme = *scheme;
    }
    // RFC 2307 §5.3 calls {MD5} what is LDAP-MD5 here; Dovecot's own MD5 has the form of crypt(3).
    if (parsed.scheme == md5) parsed.scheme = parsed.data.starts_with("$1$") ? md5_crypt : ldap_md5;
    return parsed;
}

std::optional<std::string> CryptString::decoded() const {
    const UsualEncoding standard = usual_encoding(scheme);
    const PasswordEncoding used =
        encoding == PasswordEncoding::usual ? standard.encoding : encoding;
    if (used == PasswordEncoding::usual) return std::string(data);
    if (encoding == PasswordEncoding::usual) {
        // Dovecot tells the encoding of a digest by its length, so both are found in the wild.
        const bool hex_length = standard.octets != 0 && data.size() == 2 * standard.octets;
        if (used == PasswordEncoding::hex || hex_length) {
            if (auto octets = decode_hex(data)) return octets;
        }
        return decode_base64(data, Base64Padding::optional);
    }
    if (used == PasswordEncoding::hex) return decode_hex(data);
    return decode_base64(data, Base64Padding::optional);
}

}  // namespace gatepost::storage
