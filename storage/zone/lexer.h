// Splits a master file into entries (RFC 1035 §5.1): the words of one record or directive, with its
// continuation lines inside parentheses, without comments and line ends. Words refer to the text,
// which stays in memory as long as they are used; nothing is allocated per word.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/zone/token.h"

namespace gatepost::storage {

// An empty character-string takes one octet of data, so that no record has more words than data
// octets; the rest is for owner, TTL, class, type and a generous form of numbers.
inline constexpr size_t kEntryTokensMax = 65535 + 64;

struct TextPosition {
    uint32_t line = 1;    // from 1
    uint32_t column = 1;  // from 1, in octets
};

class Lexer {
  public:
    enum class Outcome : uint8_t { entry, end, error };

    explicit Lexer(std::string_view text);

    // The next entry that has a word in it. After an error, which `problem` and `problem_position`
    // describe, reading goes on behind the broken entry.
    Outcome next(std::vector<Token>& tokens);

    // Of the entry read last:
    bool starts_blank() const { return starts_blank_; }  // its line begins with a blank
    // A word has a quoted part, as in key="value" (RFC 9460 §2.1).
    bool has_inner_quotes() const { return has_inner_quotes_; }
    TextPosition end() const { return end_; }  // behind its last word

    const std::string& problem() const { return problem_; }
    TextPosition problem_position() const { return problem_position_; }

    size_t offset() const { return static_cast<size_t>(at_ - begin_); }  // octets read

  private:
    void begin_entry();
    bool step(std::vector<Token>& tokens);
    void push(std::vector<Token>& tokens, const char* start, const char* stop, const char* shown,
              bool quoted);
    void scan_word(std::vector<Token>& tokens);
    void scan_quoted(std::vector<Token>& tokens);
    bool skip_quoted();
    void skip_escape();
    void skip_comment();
    void close_parenthesis();
    void refuse_octet();
    bool finish_line(const std::vector<Token>& tokens);
    TextPosition position(const char* p) const {
        return {line_, static_cast<uint32_t>(p - line_start_) + 1};
    }
    void refuse(TextPosition where, std::string problem);

    const char* begin_;
    const char* at_;
    const char* end_of_text_;
    const char* line_start_;
    uint32_t line_ = 1;
    size_t depth_ = 0;     // of open parentheses
    TextPosition opened_;  // the outermost of them
    bool starts_blank_ = false;
    bool has_inner_quotes_ = false;
    TextPosition end_;
    std::string problem_;  // empty: none in this entry
    TextPosition problem_position_;
};

}  // namespace gatepost::storage
