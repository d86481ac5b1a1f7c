// Which characters may stand where (RFC 9051 §9).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace gatepost::dataplane {

enum ImapCharacter : uint8_t {
    kAtomCharacter = 1,     // ATOM-CHAR
    kAstringCharacter = 2,  // ASTRING-CHAR: and "]"
    kListCharacter = 4,     // list-char: and "%" and "*"
    kTagCharacter = 8,      // ASTRING-CHAR but "+"
    kWordCharacter = 16,    // of FETCH items: letters, digits, ".", "-" and "_"
};

inline constexpr std::array<uint8_t, 256> kImapCharacters = [] {
    std::array<uint8_t, 256> table{};
    for (unsigned c = 0x21; c < 0x7f; ++c) {
        const char character = static_cast<char>(c);
        // atom-specials, but those of the other classes
        if (std::string_view("(){\"\\").find(character) != std::string_view::npos) continue;
        const bool wildcard = character == '%' || character == '*';
        const bool bracket = character == ']';
        const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        const bool digit = c >= '0' && c <= '9';
        unsigned mask = kListCharacter;
        if (!wildcard) mask |= kAstringCharacter;
        if (!wildcard && character != '+') mask |= kTagCharacter;
        if (!wildcard && !bracket) mask |= kAtomCharacter;
        if (letter || digit || character == '.' || character == '-' || character == '_')
            mask |= kWordCharacter;
        table[c] = static_cast<uint8_t>(mask);
    }
    return table;
}();

constexpr bool is_imap_character(char c, ImapCharacter kind) {
    return (kImapCharacters[static_cast<uint8_t>(c)] & kind) != 0;
}

constexpr bool is_imap_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace gatepost::dataplane
