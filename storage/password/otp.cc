#include "storage/password/otp.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/password/base64.h"
#include "storage/password/number_text.h"

namespace gatepost::storage {

namespace {

constexpr size_t kValueSize = 8;  // octets; RFC 2289 §6.0
constexpr size_t kSeedMax = 16;   // characters; the same

std::string_view hash_name(DigestKind hash) {
    switch (hash) {
        case DigestKind::md4:
            return "md4";
        case DigestKind::md5:
            return "md5";
        default:
            return "sha1";
    }
}

// RFC 2289 Appendix A: what a step makes of a digest.
std::string fold(DigestKind hash, std::string octets) {
    std::string folded(kValueSize, '\0');
    auto put = [&](size_t at, size_t from) {
        folded[at] = static_cast<char>(folded[at] ^ octets[from]);
    };
    if (hash != DigestKind::sha1) {
        for (size_t i = 0; i < 2 * kValueSize; ++i) put(i % kValueSize, i);
        return folded;
    }
    // Words 0, 2 and 4 into the first one, 1 and 3 into the second, each with its octets turned.
    for (size_t i = 0; i < octets.size(); ++i) put((i / 4 % 2) * 4 + (3 - i % 4), i);
    return folded;
}

}  // namespace

std::optional<OtpState> OtpState::parse(std::string_view text) {
    OtpState state;
    const std::string_view name = take_field(text, ' ');
    bool known = false;
    for (DigestKind hash : {DigestKind::md4, DigestKind::md5, DigestKind::sha1}) {
        if (hash_name(hash) != name) continue;
        state.hash = hash;
        known = true;
    }
    const auto steps = decimal_number<uint32_t>(take_field(text, ' '));
    state.seed = take_field(text, ' ');
    auto value = decode_hex(text);
    if (!known || !steps || *steps == 0 || !value || value->size() != kValueSize) return {};
    // RFC 2289 §6.0: 1 to 16 letters and digits, taken in lower case.
    if (state.seed.empty() || state.seed.size() > kSeedMax) return {};
    for (char& c : state.seed) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return {};
    }
    state.steps = *steps;
    state.value = std::move(*value);
    return state;
}

std::string OtpState::text() const {
    return fmt::format("{} {} {} {}", hash_name(hash), steps, seed, encode_hex(value));
}

std::string compute_otp(DigestKind hash, uint32_t steps, std::string_view seed,
                        std::string_view passphrase) {
    std::string value = fold(hash, digest(hash, {seed, passphrase}));
    for (uint32_t i = 0; i < steps; ++i) value = fold(hash, digest(hash, {value}));
    return value;
}

}  // namespace gatepost::storage
