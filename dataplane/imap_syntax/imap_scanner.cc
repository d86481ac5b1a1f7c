#include "dataplane/imap_syntax/imap_scanner.h"

#include <algorithm>

#include <fmt/format.h>

#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {

ImapScanner::ImapScanner(const CommandText& text, size_t position)
    : text_(text), octets_(text.octets()), at_(position) {
    const auto next = std::ranges::lower_bound(text.literals(), position, {}, &TextLiteral::mark);
    next_literal_ = static_cast<size_t>(next - text.literals().begin());
}

bool ImapScanner::take(char c) {
    if (at_end() || octets_[at_] != c) return false;
    ++at_;
    return true;
}

bool ImapScanner::take_keyword(std::string_view name) {
    const size_t before = at_;
    if (equal_ignoring_case(take_while(kAtomCharacter), name)) return true;
    at_ = before;
    return false;
}

std::string_view ImapScanner::take_while(ImapCharacter kind) {
    const size_t begin = at_;
    while (at_ < octets_.size() && is_imap_character(octets_[at_], kind)) ++at_;
    return octets_.substr(begin, at_ - begin);
}

bool ImapScanner::space() {
    if (!take(' ')) return fail("a space is missing");
    while (take(' ')) continue;
    return true;
}

bool ImapScanner::expect(char c) {
    if (take(c)) return true;
    return fail(fmt::format("\"{}\" is missing", c));
}

bool ImapScanner::end() {
    while (take(' ')) continue;
    return at_end() || fail("the command should end here");
}

bool ImapScanner::atom(std::string_view& out) {
    out = take_while(kAtomCharacter);
    return !out.empty() || fail("a word is missing");
}

bool ImapScanner::digits(uint64_t max, uint64_t& out) {
    if (!is_imap_digit(peek())) return fail("a number is missing");
    out = 0;
    for (; is_imap_digit(peek()); ++at_) {
        const auto digit = static_cast<uint64_t>(octets_[at_] - '0');
        if (out > (max - digit) / 10) return fail("the number is too large");
        out = out * 10 + digit;
    }
    return true;
}

bool ImapScanner::number(uint32_t& out) {
    uint64_t value = 0;
    if (!digits(UINT32_MAX, value)) return false;
    out = static_cast<uint32_t>(value);
    return true;
}

bool ImapScanner::nz_number(uint32_t& out) {
    if (!number(out)) return false;
    return out != 0 || fail("the number is 0");
}

bool ImapScanner::number64(uint64_t& out) {
    return digits(kNumber64Max, out);
}

bool ImapScanner::quoted(std::string& out) {
    out.clear();
    const size_t begin = at_;
    // No literal is inside of a quoted string: the line ends first.
    const auto& literals = text_.literals();
    const size_t line_end =
        next_literal_ == literals.size() ? octets_.size() : literals[next_literal_].mark;
    for (++at_; at_ < octets_.size();) {
        const size_t stop = octets_.find_first_of(std::string_view("\"\\\r\n\0", 5), at_);
        if (stop >= line_end) break;
        out += octets_.substr(at_, stop - at_);
        at_ = stop + 1;
        if (octets_[stop] == '"') return true;
        // RFC 9051 §9: quoted = DQUOTE *QUOTED-CHAR DQUOTE: a backslash precedes '"' or "\" alone.
        if (octets_[stop] != '\\' || (peek() != '"' && peek() != '\\'))
            return fail("a quoted string has a character that it cannot have");
        out += octets_[at_++];
    }
    at_ = begin;
    return fail("a quoted string does not end");
}

bool ImapScanner::at_announced_literal() const {
    return text_.announced() && text_.announced()->offset == at_;
}

bool ImapScanner::literal(std::string& out, bool binary_allowed) {
    if (at_announced_literal()) {
        needs_literal_ = true;
        return fail("a literal is missing");
    }
    const auto& literals = text_.literals();
    if (next_literal_ == literals.size() || literals[next_literal_].mark != at_)
        return fail("a literal should begin here, and its line end");
    const TextLiteral& found = literals[next_literal_++];
    const std::string_view octets = octets_.substr(found.begin, found.octets);
    if (octets.size() != found.octets) return fail("a literal is cut short");
    at_ = found.begin + found.octets;
    // RFC 9051 §9: literal = "{" number64 ["+"] "}" CRLF *CHAR8: NUL is none.
    if (!binary_allowed && found.binary) return fail("no binary literal can be here");
    if (!binary_allowed && octets.find('\0') != std::string_view::npos)
        return fail("a NUL is in a literal");
    out = octets;
    return true;
}

bool ImapScanner::string(std::string& out) {
    if (peek() == '"') return quoted(out);
    return at_literal() ? literal(out, false) : fail("a string is missing");
}

bool ImapScanner::astring(std::string& out) {
    if (peek() == '"') return quoted(out);
    if (at_end()) return fail("an argument is missing");
    // "~" is a character of atoms; "~{" begins a literal8.
    if (peek() == '{' || octets_.substr(at_, 2) == "~{") return literal(out, false);
    out = take_while(kAstringCharacter);
    return !out.empty() || fail("a string is missing");
}

bool ImapScanner::list_mailbox(std::string& out) {
    if (peek() == '"' || peek() == '{') return string(out);
    out = take_while(kListCharacter);
    return !out.empty() || fail("a pattern of mailbox names is missing");
}

bool ImapScanner::nstring(std::optional<std::string>& out) {
    out.reset();
    return take_keyword("NIL") || string(out.emplace());
}

bool ImapScanner::nstring_or_binary(std::optional<std::string>& out) {
    return at_literal() ? literal(out.emplace(), true) : nstring(out);
}

bool ImapScanner::fail(std::string_view text) {
    if (failed_) return false;
    failed_ = true;
    error_.text = fmt::format("{} (at octet {})", text, at_ + 1);
    if (char& first = error_.text.front(); first >= 'a' && first <= 'z') first -= 'a' - 'A';
    return false;
}

bool ImapScanner::refuse(std::string_view code, std::string_view text) {
    if (failed_) return false;
    failed_ = true;
    error_.refused = true;
    error_.code = code;
    error_.text = text;
    return false;
}

SyntaxError ImapScanner::error(std::string_view tag) const {
    SyntaxError error = error_;
    if (!tag.empty()) error.tag = tag;
    if (error.text.empty()) error.text = "The command is not understood";
    return error;
}

}  // namespace gatepost::dataplane
