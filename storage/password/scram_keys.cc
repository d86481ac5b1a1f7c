#include "storage/password/scram_keys.h"

#include <fmt/format.h>
#include <string.h>  // explicit_bzero

#include "storage/password/base64.h"
#include "storage/password/digest.h"
#include "storage/password/number_text.h"

namespace gatepost::storage {

namespace {

constexpr size_t kSaltMax = 1024;  // octets; many times what anybody uses

DigestKind digest_of(ScramHash hash) {
    return hash == ScramHash::sha1 ? DigestKind::sha1 : DigestKind::sha256;
}

}  // namespace

std::string ScramKeys::text() const {
    return fmt::format("{},{},{},{}", iterations, encode_base64(salt), encode_base64(stored_key),
                       encode_base64(server_key));
}

std::optional<ScramKeys> parse_scram_keys(std::string_view text, ScramHash hash) {
    const auto iterations = decimal_number<uint32_t>(take_field(text, ','));
    auto salt = decode_base64(take_field(text, ','), Base64Padding::required);
    auto stored_key = decode_base64(take_field(text, ','), Base64Padding::required);
    auto server_key = decode_base64(text, Base64Padding::required);
    if (!iterations || *iterations == 0 || !salt || salt->empty() || salt->size() > kSaltMax)
        return std::nullopt;
    const size_t size = digest_size(digest_of(hash));
    if (!stored_key || stored_key->size() != size || !server_key || server_key->size() != size)
        return std::nullopt;
    return ScramKeys{hash, *iterations, std::move(*salt), std::move(*stored_key),
                     std::move(*server_key)};
}

ScramKeys derive_scram_keys(ScramHash hash, std::string_view password, std::string salt,
                            uint32_t iterations) {
    const DigestKind kind = digest_of(hash);
    // RFC 5802 §3: SaltedPassword := Hi(Normalize(password), salt, i)
    std::string salted = derive_pbkdf2(kind, password, salt, iterations);
    std::string client_key = hmac(kind, salted, "Client Key");
    ScramKeys keys{hash, iterations, std::move(salt), digest(kind, {client_key}),
                   hmac(kind, salted, "Server Key")};
    ::explicit_bzero(salted.data(), salted.size());
    ::explicit_bzero(client_key.data(), client_key.size());
    return keys;
}

}  // namespace gatepost::storage
