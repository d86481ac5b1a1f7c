#include "storage/zone/lexer.h"

#include <array>
#include <cstring>

namespace gatepost::storage {

namespace {

enum CharClass : uint8_t {
    kWord,
    kBlank,
    kNewline,
    kReturn,
    kComment,
    kOpen,
    kClose,
    kQuote,
    kEscape,
    kControl
};

constexpr std::array<uint8_t, 256> build_classes() {
    std::array<uint8_t, 256> classes{};
    for (int c = 0; c < ' '; ++c) classes[static_cast<size_t>(c)] = kControl;
    classes[0x7f] = kControl;
    classes[' '] = classes['\t'] = kBlank;
    classes['\n'] = kNewline;
    classes['\r'] = kReturn;
    classes[';'] = kComment;
    classes['('] = kOpen;
    classes[')'] = kClose;
    classes['"'] = kQuote;
    classes['\\'] = kEscape;
    return classes;
}
constexpr std::array<uint8_t, 256> kClasses = build_classes();

CharClass class_of(char c) {
    return CharClass{kClasses[static_cast<uint8_t>(c)]};
}

}  // namespace

Lexer::Lexer(std::string_view text)
    : begin_(text.data()), at_(begin_), end_of_text_(begin_ + text.size()), line_start_(begin_) {
    // Some editors put a byte order mark in front of UTF-8 text. It is not part of the first word.
    if (text.starts_with("\xef\xbb\xbf")) line_start_ = at_ += 3;
}

Lexer::Outcome Lexer::next(std::vector<Token>& tokens) {
    tokens.clear();
    depth_ = 0;
    has_inner_quotes_ = false;
    problem_.clear();
    begin_entry();
    while (at_ != end_of_text_)
        if (step(tokens)) return problem_.empty() ? Outcome::entry : Outcome::error;
    if (depth_ > 0)
        refuse(
            opened_,
            "the parenthesis opened here is not closed, expected a ')' before the end of the text");
    if (!problem_.empty()) return Outcome::error;
    return tokens.empty() ? Outcome::end : Outcome::entry;
}

void Lexer::begin_entry() {
    starts_blank_ = at_ != end_of_text_ && class_of(*at_) == kBlank;
}

// Takes one word, blank, comment or sign. True: the entry is complete.
bool Lexer::step(std::vector<Token>& tokens) {
    switch (class_of(*at_)) {
        case kBlank:
            ++at_;
            return false;
        case kWord:
        case kEscape:
            scan_word(tokens);
            return false;
        case kNewline:
            return finish_line(tokens);
        case kQuote:
            scan_quoted(tokens);
            return false;
        case kComment:
            skip_comment();
            return false;
        case kOpen:
            if (depth_++ == 0) opened_ = position(at_);
            ++at_;
            return false;
        case kClose:
            close_parenthesis();
            return false;
        case kReturn:
            if (at_ + 1 == end_of_text_ || at_[1] == '\n')
                ++at_;
            else
                refuse_octet();
            return false;
        case kControl:
            refuse_octet();
            return false;
    }
    return false;
}

// At a line's end. True: it ends an entry that has something in it.
bool Lexer::finish_line(const std::vector<Token>& tokens) {
    ++at_;
    ++line_;
    line_start_ = at_;
    if (depth_ > 0) return false;
    if (!tokens.empty() || !problem_.empty()) return true;
    begin_entry();
    return false;
}

void Lexer::push(std::vector<Token>& tokens, const char* start, const char* stop, const char* shown,
                 bool quoted) {
    if (tokens.size() == kEntryTokensMax) {
        refuse(position(shown),
               "the record has more words than any record can have, expected its end before (is a "
               "')' missing?)");
        return;
    }
    end_ = position(at_);
    TextPosition where = position(shown);
    tokens.push_back({std::string_view(start, static_cast<size_t>(stop - start)), quoted,
                      where.line, where.column});
}

void Lexer::scan_word(std::vector<Token>& tokens) {
    const char* start = at_;
    while (at_ != end_of_text_) {
        CharClass c = class_of(*at_);
        if (c == kWord) {
            ++at_;
        } else if (c == kEscape) {
            skip_escape();
        } else if (c == kQuote) {
            if (at_[-1] != '=') {
                refuse(
                    position(at_),
                    "a '\"' inside a word, expected a blank before it, or \\\" for the character");
                ++at_;
            } else {
                has_inner_quotes_ = true;
                skip_quoted();
            }
        } else {
            break;
        }
    }
    push(tokens, start, at_, start, false);
}

void Lexer::scan_quoted(std::vector<Token>& tokens) {
    const char* opened = at_;
    bool closed = skip_quoted();
    push(tokens, opened + 1, closed ? at_ - 1 : at_, opened, true);
    if (!closed || at_ == end_of_text_) return;
    CharClass c = class_of(*at_);
    if (c == kWord || c == kEscape)
        refuse(position(at_), "a word right behind a closing quote, expected a blank between them");
}

// Moves behind the closing quote, or to the line's end where there is none. Text that spans lines
// has to escape the line feed: an open quote would otherwise swallow the rest of the file.
bool Lexer::skip_quoted() {
    const char* opened = at_++;
    while (at_ != end_of_text_) {
        switch (class_of(*at_)) {
            case kQuote:
                ++at_;
                return true;
            case kEscape:
                skip_escape();
                break;
            case kControl:
                refuse_octet();
                break;
            case kReturn:
                if (at_ + 1 != end_of_text_ && at_[1] != '\n') {
                    refuse_octet();
                    break;
                }
                [[fallthrough]];
            case kNewline:
                refuse(
                    position(opened),
                    "the quote opened here is not closed, expected a '\"' before the line's end");
                return false;
            default:
                ++at_;
        }
    }
    refuse(position(opened),
           "the quote opened here is not closed, expected a '\"' before the end of the text");
    return false;
}

// Over a backslash and the character behind it; what digits mean is the business of who reads the
// word.
void Lexer::skip_escape() {
    const char* backslash = at_++;
    if (at_ == end_of_text_ || *at_ == '\n' || *at_ == '\r')
        refuse(position(backslash),
               "a '\\' at the line's end, expected a character or three digits behind it");
    else if (class_of(*at_) == kControl)
        refuse_octet();
    else
        ++at_;
}

// What a comment holds is nobody's business, so that no octet is refused in it.
void Lexer::skip_comment() {
    const void* newline = std::memchr(at_, '\n', static_cast<size_t>(end_of_text_ - at_));
    at_ = newline != nullptr ? static_cast<const char*>(newline) : end_of_text_;
}

void Lexer::close_parenthesis() {
    if (depth_ == 0)
        refuse(position(at_), "a ')' where no parenthesis is open, expected a '(' before it");
    else
        --depth_;
    ++at_;
}

void Lexer::refuse_octet() {
    auto octet = static_cast<uint8_t>(*at_);
    refuse(position(at_),
           fmt::format("the control octet {} in the text, expected it as \\{:03d}", octet, octet));
    ++at_;
}

// Only the first problem of an entry is told: the others mostly follow from it.
void Lexer::refuse(TextPosition where, std::string problem) {
    if (!problem_.empty()) return;
    problem_position_ = where;
    problem_ = std::move(problem);
}

}  // namespace gatepost::storage
