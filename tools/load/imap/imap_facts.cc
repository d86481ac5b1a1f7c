#include "tools/load/imap/imap_facts.h"

#include <array>
#include <charconv>
#include <utility>

#include "dataplane/mail/header_field.h"

namespace gatepost::tools {

namespace {

using dataplane::equal_ignoring_case;

// Takes the word in front of a blank, and the blank.
std::string_view take_word(std::string_view& text) {
    const size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
    return word;
}

std::optional<uint32_t> number_of(std::string_view digits) {
    uint32_t number = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return number;
}

// Octets of the value that `text` begins with: a quoted string, a list, or what is up to a blank or
// a closing parenthesis. npos: it does not end.
size_t value_size(std::string_view text) {
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char octet = text[i];
        if (quoted) {
            if (octet == '\\') ++i;
            quoted = octet != '"';
        } else if (octet == '"') {
            quoted = true;
        } else if (octet == '(') {
            ++depth;
        } else if (octet == ')' && depth > 0) {
            --depth;
        } else if (depth == 0 && (octet == ' ' || octet == ')')) {
            return i;
        }
    }
    return std::string_view::npos;
}

std::optional<uint8_t> flags_of(std::string_view list) {
    constexpr std::array<std::pair<std::string_view, uint8_t>, 5> kFlags = {
        {{"\\Seen", kImapSeen},
         {"\\Answered", kImapAnswered},
         {"\\Flagged", kImapFlagged},
         {"\\Deleted", kImapDeleted},
         {"\\Draft", kImapDraft}}};
    if (!list.starts_with('(') || !list.ends_with(')') || list.size() < 2) return std::nullopt;
    list = list.substr(1, list.size() - 2);
    uint8_t flags = 0;
    while (!list.empty()) {
        const std::string_view word = take_word(list);
        for (const auto& [name, bit] : kFlags)
            if (equal_ignoring_case(word, name)) flags |= bit;
    }
    return flags;
}

}  // namespace

std::optional<NumberedResponse> numbered_response(std::string_view text) {
    const auto number = number_of(take_word(text));
    if (!number) return std::nullopt;
    return NumberedResponse{*number, text};
}

std::optional<FetchedFlags> fetched_flags(std::string_view text) {
    auto numbered = numbered_response(text);
    if (!numbered || !equal_ignoring_case(take_word(numbered->rest), "FETCH")) return std::nullopt;
    std::string_view rest = numbered->rest;
    if (!rest.starts_with('(')) return std::nullopt;
    rest.remove_prefix(1);
    FetchedFlags found{numbered->number, std::nullopt, std::nullopt};
    for (;;) {
        const std::string_view name = take_word(rest);
        const size_t size = value_size(rest);
        if (name.empty() || size == std::string_view::npos) return std::nullopt;
        const std::string_view value = rest.substr(0, size);
        if (equal_ignoring_case(name, "UID")) found.uid = number_of(value);
        if (equal_ignoring_case(name, "FLAGS")) found.flags = flags_of(value);
        const bool last = rest[size] == ')';
        rest.remove_prefix(size + 1);
        if (!last) continue;
        return rest.empty() ? std::optional(found) : std::nullopt;
    }
}

std::optional<uint32_t> appended_uid(std::string_view text) {
    constexpr std::string_view kCode = "[APPENDUID ";
    take_word(text);
    if (text.size() < kCode.size() || !equal_ignoring_case(text.substr(0, kCode.size()), kCode))
        return std::nullopt;
    text.remove_prefix(kCode.size());
    if (!number_of(take_word(text))) return std::nullopt;  // UIDVALIDITY
    return number_of(text.substr(0, text.find(']')));
}

}  // namespace gatepost::tools
