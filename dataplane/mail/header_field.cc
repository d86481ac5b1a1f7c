#include "dataplane/mail/header_field.h"

#include <algorithm>

namespace gatepost::dataplane {
namespace {
bool is_space(char c) {
    return is_blank(c) || c == '\r' || c == '\n';
}
}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::ranges::equal(a, b, {}, ascii_lower, ascii_lower);
}

std::string to_lower(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), ascii_lower);
    return lower;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

std::optional<HeaderField> split_field(std::string_view raw) {
    size_t length = 0;
    while (length < raw.size() && is_field_name_character(raw[length])) ++length;
    size_t colon = length;
    while (colon < raw.size() && is_blank(raw[colon])) ++colon;
    if (length == 0 || colon == raw.size() || raw[colon] != ':') return std::nullopt;
    if (raw.ends_with('\n')) raw.remove_suffix(1);
    if (raw.ends_with('\r')) raw.remove_suffix(1);
    return HeaderField{raw.substr(0, length), raw.substr(colon + 1)};
}

std::string unfold(std::string_view value) {
    value = trim(value);
    std::string line;
    line.reserve(value.size());
    for (size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        // RFC 5322 §2.2.3: a line end is removed, the white space behind it stays.
        if (c == '\n') continue;
        if (c == '\r' && i + 1 < value.size() && value[i + 1] == '\n') continue;
        line += c == '\0' || c == '\r' ? ' ' : c;
    }
    return line;
}

}  // namespace gatepost::dataplane
