#include "dataplane/mail/header_scanner.h"

#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

bool is_blank_or_line(char c) {
    return is_blank(c) || c == '\r' || c == '\n';
}

constexpr std::string_view kSpecials = " \t\r\n\"(),.:;<>@[]\\";         // RFC 5322 §3.2.3
constexpr std::string_view kTokenSpecials = " \t\r\n\"(),/:;<=>?@[]\\";  // RFC 2045 §5.1

}  // namespace

std::string_view HeaderScanner::until_one_of(std::string_view stop) {
    const size_t begin = at_;
    at_ = text_.find_first_of(stop, begin);
    if (at_ == std::string_view::npos) at_ = text_.size();
    return from(begin);
}

std::string_view HeaderScanner::atom() {
    return until_one_of(kSpecials);
}

std::string_view HeaderScanner::token() {
    return until_one_of(kTokenSpecials);
}

bool HeaderScanner::skip_cfws(std::string* comment) {
    const size_t begin = at_;
    size_t depth = 0;
    for (; !at_end(); ++at_) {
        const char c = text_[at_];
        if (depth == 0 && c != '(') {
            if (!is_blank_or_line(c)) break;
            continue;
        }
        if (c == '(' && depth++ == 0) {
            if (comment != nullptr) comment->clear();
            continue;
        }
        if (c == ')' && --depth == 0) continue;
        if (c == '\\' && at_ + 1 < text_.size()) ++at_;  // quoted-pair
        if (comment != nullptr && text_[at_] != '\r' && text_[at_] != '\n') *comment += text_[at_];
    }
    return at_ != begin;
}

void HeaderScanner::quoted_string(std::string& content) {
    for (++at_; !at_end(); ++at_) {
        char c = text_[at_];
        if (c == '"') {
            ++at_;
            return;
        }
        if (c == '\\' && at_ + 1 < text_.size()) c = text_[++at_];
        if (c != '\r' && c != '\n') content += c;
    }
}

void HeaderScanner::domain_literal(std::string& literal) {
    for (; !at_end(); ++at_) {
        char c = text_[at_];
        if (c == '\\' && at_ + 1 < text_.size()) c = text_[++at_];
        if (!is_blank_or_line(c)) literal += c;
        if (c == ']') {
            ++at_;
            return;
        }
    }
}

void HeaderScanner::skip_to(std::string_view stop) {
    for (; !at_end() && stop.find(text_[at_]) == std::string_view::npos; ++at_) {
        if (text_[at_] != '"') continue;
        for (++at_; !at_end() && text_[at_] != '"'; ++at_) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
        }
        if (at_end()) return;
    }
}

}  // namespace gatepost::dataplane
