#include "controlplane/commit/clean_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace gatepost::controlplane {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

struct Sequence {
    size_t size = 0;  // octets
    bool valid = false;
};

// What begins the text: a character, or the maximal part of an ill-formed one. RFC 3629 §4.
Sequence first_sequence(std::string_view text) {
    const auto octet = [&](size_t at) { return static_cast<uint8_t>(text[at]); };
    const uint8_t first = octet(0);
    if (first < 0x80) return {1, first != 0};
    if (first < 0xc2 || first > 0xf4) return {1, false};
    const size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    // Neither overlong forms nor surrogates nor what is beyond U+10FFFF.
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    for (size_t at = 1; at < size; ++at) {
        if (at >= text.size() || octet(at) < low || octet(at) > high) return {at, false};
        low = 0x80;
        high = 0xbf;
    }
    return {size, true};
}

}  // namespace

std::string clean_text(std::string_view text) {
    const auto is_plain = [](char c) { return c > 0; };
    if (std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Sequence next = first_sequence(text);
        out += next.valid ? text.substr(0, next.size) : kReplacement;
        text.remove_prefix(next.size);
    }
    return out;
}

}  // namespace gatepost::controlplane
