#include "dataplane/imap/url_token.h"

#include "storage/password/digest.h"

namespace gatepost::dataplane {

namespace {

// RFC 4467 §2.4.1: the token says by which algorithm it was made.
constexpr char kHmacSha256 = '\x01';

}  // namespace

std::string url_token(std::string_view key, std::string_view signed_part) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    const std::string octets =
        kHmacSha256 + storage::hmac(storage::DigestKind::sha256, key, signed_part);
    std::string token;
    token.reserve(2 * octets.size());
    for (const char octet : octets) {
        token += kDigits[static_cast<uint8_t>(octet) >> 4];
        token += kDigits[static_cast<uint8_t>(octet) & 15];
    }
    return token;
}

bool is_url_token(std::string_view key, std::string_view signed_part, std::string_view token) {
    return storage::equal_in_constant_time(url_token(key, signed_part), token);
}

}  // namespace gatepost::dataplane
