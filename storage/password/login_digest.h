// Dovecot's DIGEST-MD5: the A1 of that mechanism (RFC 2831 §2.1.2.1), which binds a password to
// the login name.
#pragma once

#include <string>
#include <string_view>

#include "storage/password/digest.h"

namespace gatepost::storage {

// MD5(user:realm:password), 16 octets. The realm is what follows the last @ of the login; without
// one it is empty.
inline std::string login_digest(std::string_view login, std::string_view password) {
    const size_t at = login.rfind('@');
    const std::string_view realm =
        at == std::string_view::npos ? std::string_view() : login.substr(at + 1);
    return digest(DigestKind::md5, {login.substr(0, at), ":", realm, ":", password});
}

}  // namespace gatepost::storage
