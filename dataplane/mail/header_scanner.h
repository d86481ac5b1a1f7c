// The lexical tokens of structured fields (RFC 5322 §3.2, RFC 2045 §5.1). Takes what is folded as
// it stands. Every octet is read once: no input makes it slower than its length.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gatepost::dataplane {

class HeaderScanner {
  public:
    explicit HeaderScanner(std::string_view text) : text_(text) {}

    bool at_end() const { return at_ == text_.size(); }
    // NUL at the end, and where there is one.
    char peek() const { return at_end() ? '\0' : text_[at_]; }
    size_t position() const { return at_; }
    std::string_view from(size_t position) const { return text_.substr(position, at_ - position); }
    void skip() { at_ += at_end() ? 0 : 1; }
    bool take(char c) {
        if (at_end() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    // White space, line ends and comments, however deep (RFC 5322 §3.2.2). The content of the last
    // comment replaces `comment`, where that is given. Says whether there was any.
    bool skip_cfws(std::string* comment = nullptr);
    // At a '"': appends the content without quotes, backslashes and folding (RFC 5322 §3.2.4). One
    // without its end goes to the end of the text.
    void quoted_string(std::string& content);
    // At a '[': appends all of it, brackets included, without white space (RFC 5322 §3.4.1).
    void domain_literal(std::string& literal);
    // What is neither white space nor special in addresses (RFC 5322 §3.2.3). Takes any other
    // octet, those of UTF-8 (RFC 6532 §3.2) and such as no grammar has. May be empty.
    std::string_view atom();
    // RFC 2045 §5.1: a token, with UTF-8 and what no grammar has. May be empty.
    std::string_view token();
    // Up to `stop`, not included, or the end; quoted strings are passed over as a whole.
    void skip_to(std::string_view stop);

  private:
    std::string_view until_one_of(std::string_view stop);

    std::string_view text_;
    size_t at_ = 0;
};

}  // namespace gatepost::dataplane
