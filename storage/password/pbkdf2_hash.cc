#include "storage/password/pbkdf2_hash.h"

#include <fmt/format.h>

#include "storage/password/base64.h"
#include "storage/password/digest.h"
#include "storage/password/number_text.h"

namespace gatepost::storage {

std::optional<Pbkdf2Hash> Pbkdf2Hash::parse(std::string_view text) {
    constexpr std::string_view kPrefix = "$1$";
    if (!text.starts_with(kPrefix)) return std::nullopt;
    text.remove_prefix(kPrefix.size());
    Pbkdf2Hash parsed;
    parsed.salt = take_field(text, '$');
    const auto iterations = decimal_number<uint32_t>(take_field(text, '$'));
    auto hash = decode_hex(text);
    if (!iterations || *iterations == 0 || !hash || hash->size() != digest_size(DigestKind::sha1))
        return std::nullopt;
    parsed.iterations = *iterations;
    parsed.hash = std::move(*hash);
    return parsed;
}

std::string Pbkdf2Hash::text() const {
    return fmt::format("$1${}${}${}", salt, iterations, encode_hex(hash));
}

}  // namespace gatepost::storage
