// What a server stores for SCRAM (RFC 5802 §3, RFC 7677): enough to check a client's proof, not
// enough to be that client. In Dovecot's form: iterations,salt,StoredKey,ServerKey.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::storage {

enum class ScramHash : uint8_t { sha1, sha256 };

struct ScramKeys {
    ScramHash hash = ScramHash::sha256;
    uint32_t iterations = 0;
    std::string salt;        // octets
    std::string stored_key;  // octets: H(HMAC(SaltedPassword, "Client Key"))
    std::string server_key;  // octets: HMAC(SaltedPassword, "Server Key")

    // "4096,b64(salt),b64(StoredKey),b64(ServerKey)"
    std::string text() const;
};

// nullopt: not in that form, or keys that are not as long as the hash.
std::optional<ScramKeys> parse_scram_keys(std::string_view text, ScramHash hash);

// The octets of the password are taken as they are, as Dovecot does: without SASLprep (RFC 4013).
// That is the same for ASCII, and for what keyboards produce; a client that normalizes finds
// another key where a password has compatibility characters such as ligatures.
ScramKeys derive_scram_keys(ScramHash hash, std::string_view password, std::string salt,
                            uint32_t iterations);

}  // namespace gatepost::storage
