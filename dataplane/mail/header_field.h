// A field of a header as it stands (RFC 5322 §2.2), and the rules that hold for all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::dataplane {

struct HeaderField {
    std::string_view name;   // in the case given
    std::string_view value;  // what follows the colon, folded, without the last line end
};

inline char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
inline bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string to_lower(std::string_view text);
std::string_view trim(std::string_view text);  // blanks and line ends at both ends

// RFC 5322 §2.2: ftext, a character of a field's name.
inline bool is_field_name_character(char c) {
    return c > ' ' && c < 0x7f && c != ':';
}

// `raw` is a whole field, with or without the line end behind it. nullopt: there is no name and
// colon. White space before the colon is taken (RFC 5322 §4.5.1).
std::optional<HeaderField> split_field(std::string_view raw);

// One line without the folding (RFC 5322 §2.2.3), without white space at the ends. Octets that
// cannot be in a string of IMAP (NUL, CR, LF) become spaces.
std::string unfold(std::string_view value);

// FNV-1a of the name in lower case: finds a field in MessageSummary::fields.
constexpr uint32_t field_name_hash(std::string_view name) {
    uint32_t hash = 2166136261;
    for (char c : name) {
        const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        hash = (hash ^ static_cast<uint8_t>(lower)) * 16777619;
    }
    return hash;
}

}  // namespace gatepost::dataplane
