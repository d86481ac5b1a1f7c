#include "storage/zone/token.h"

namespace gatepost::storage {

namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

class Scanner {
  public:
    Scanner(std::string_view text, std::vector<Token>& out) : text_(text), out_(out) {}

    Status run() {
        while (true) {
            while (at_ < text_.size() && is_blank(text_[at_])) step();
            if (at_ == text_.size()) return {};
            if (Status status = text_[at_] == '"' ? quoted() : plain(); !status) return status;
        }
    }

  private:
    void step() {
        if (text_[at_++] == '\n') {
            ++line_;
            line_start_ = at_;
        }
    }
    uint32_t column() const { return static_cast<uint32_t>(at_ - line_start_ + 1); }

    // Moves behind the closing quote. False: there is none.
    bool skip_quoted() {
        step();
        while (at_ < text_.size() && text_[at_] != '"') {
            if (text_[at_] == '\\') step();
            if (at_ < text_.size()) step();
        }
        if (at_ == text_.size()) return false;
        step();
        return true;
    }

    Status quoted() {
        Token token{.quoted = true, .line = line_, .column = column()};
        size_t start = at_ + 1;
        if (!skip_quoted()) return unclosed(token.line, token.column);
        token.text = text_.substr(start, at_ - 1 - start);
        out_.push_back(token);
        if (at_ == text_.size() || is_blank(text_[at_]) || text_[at_] == '"') return {};
        return fail(ErrorCode::invalid,
                    "line {}, column {}: a blank is missing behind the closing quote", line_,
                    column());
    }

    Status plain() {
        Token token{.line = line_, .column = column()};
        size_t start = at_;
        while (at_ < text_.size() && !is_blank(text_[at_])) {
            char c = text_[at_];
            if (c == '"') {
                // RFC 9460 §2.1: the value in key="value" may be quoted.
                if (text_[at_ - 1] != '=')
                    return fail(ErrorCode::invalid,
                                "line {}, column {}: a quote inside a word; write it as \\\", or "
                                "quote the whole",
                                line_, column());
                uint32_t line = line_, opened = column();
                if (!skip_quoted()) return unclosed(line, opened);
                continue;
            }
            // In a master file these would begin a comment or a group: the same text must mean the
            // same in both places.
            if (c == ';' || c == '(' || c == ')')
                return fail(ErrorCode::invalid,
                            "line {}, column {}: '{}' outside quotes; write it as \\{}, or quote "
                            "the string",
                            line_, column(), c, c);
            if (c == '\\') step();
            if (at_ < text_.size()) step();
        }
        token.text = text_.substr(start, at_ - start);
        out_.push_back(token);
        return {};
    }

    static Status unclosed(uint32_t line, uint32_t column) {
        return fail(ErrorCode::invalid, "line {}, column {}: the quote opened here is not closed",
                    line, column);
    }

    std::string_view text_;
    std::vector<Token>& out_;
    size_t at_ = 0;
    size_t line_start_ = 0;
    uint32_t line_ = 1;
};

}  // namespace

Status tokenize_rdata(std::string_view text, std::vector<Token>& out) {
    out.clear();
    return Scanner(text, out).run();
}

}  // namespace gatepost::storage
