#include "dataplane/http/base64url.h"

#include <array>

namespace gatepost::dataplane {

namespace {

constexpr uint8_t kNone = 0xff;

constexpr auto kValues = [] {
    std::array<uint8_t, 256> values{};
    values.fill(kNone);
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < kAlphabet.size(); ++i)
        values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
    return values;
}();

}  // namespace

std::optional<size_t> decode_base64url(std::string_view text, uint8_t* room) {
    while (text.ends_with('=')) text.remove_suffix(1);
    // Six bits alone make no octet.
    if (text.size() % 4 == 1) return std::nullopt;
    uint8_t* at = room;
    uint32_t bits = 0;
    unsigned count = 0;
    for (char c : text) {
        uint8_t value = kValues[static_cast<uint8_t>(c)];
        if (value == kNone) return std::nullopt;
        bits = bits << 6 | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            *at++ = static_cast<uint8_t>(bits >> count);
        }
    }
    return static_cast<size_t>(at - room);
}

}  // namespace gatepost::dataplane
