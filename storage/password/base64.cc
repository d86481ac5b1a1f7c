#include "storage/password/base64.h"

#include <array>

namespace gatepost::storage {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNone = 0xff;

constexpr auto kValues = [] {
    std::array<uint8_t, 256> values{};
    values.fill(kNone);
    for (size_t i = 0; i < kAlphabet.size(); ++i)
        values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
    return values;
}();

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text, Base64Padding padding) {
    const bool padded = text.ends_with('=');
    if (padded && padding == Base64Padding::absent) return std::nullopt;
    if ((padded || padding == Base64Padding::required) && text.size() % 4 != 0) return std::nullopt;
    if (padded) text.remove_suffix(text.ends_with("==") ? 2 : 1);
    if (text.size() % 4 == 1) return std::nullopt;  // six bits alone make no octet
    std::string octets;
    octets.reserve(text.size() / 4 * 3 + 2);
    uint32_t bits = 0;
    unsigned count = 0;
    for (char c : text) {
        const uint8_t value = kValues[static_cast<uint8_t>(c)];
        if (value == kNone) return std::nullopt;
        bits = bits << 6 | value;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        octets.push_back(static_cast<char>(bits >> count & 0xff));
    }
    // RFC 4648 §3.5: two texts for the same octets would otherwise be possible.
    if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
    return octets;
}

std::string encode_base64(std::string_view octets, Base64Padding padding) {
    std::string text;
    text.reserve((octets.size() + 2) / 3 * 4);
    uint32_t bits = 0;
    unsigned count = 0;
    for (char octet : octets) {
        bits = bits << 8 | static_cast<uint8_t>(octet);
        for (count += 8; count >= 6;) text.push_back(kAlphabet[bits >> (count -= 6) & 63]);
    }
    if (count != 0) text.push_back(kAlphabet[bits << (6 - count) & 63]);
    if (padding != Base64Padding::absent)
        while (text.size() % 4 != 0) text.push_back('=');
    return text;
}

std::optional<std::string> decode_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string octets;
    octets.reserve(text.size() / 2);
    for (size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        octets.push_back(static_cast<char>(high << 4 | low));
    }
    return octets;
}

std::string encode_hex(std::string_view octets) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * octets.size());
    for (char octet : octets) {
        text.push_back(kDigits[static_cast<uint8_t>(octet) >> 4]);
        text.push_back(kDigits[static_cast<uint8_t>(octet) & 15]);
    }
    return text;
}

}  // namespace gatepost::storage
