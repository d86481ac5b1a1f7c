// The octets of a command as they come in: lines, and the literals between them.
//
//     CommandText text(kTextLimitsLoggedIn);
//     text.add_line(line);                        // then, while text.announced():
//     text.begin_literal();                       // "+ " where it is synchronizing
//     text.add_literal(octets);                   // until literal_left() is 0
//     text.add_line(line);
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/imap_syntax/literal_mark.h"

namespace gatepost::dataplane {

// Octets; literals that are messages (APPEND) are none of a command's text.
struct TextLimits {
    size_t lines_max = 0;    // of all lines of a command together
    size_t literal_max = 0;  // of one literal
    size_t text_max = 0;     // of lines and literals together
};
// RFC 9051 §4: a server should take lines of 8,192 octets, which is the advice for clients, too;
// clients that ask for thousands of UIDs one by one exceed it by far.
inline constexpr size_t kCommandLineMax = size_t{64} << 10;
// Names and search texts are short; METADATA's values are the largest literals there are.
inline constexpr size_t kCommandLiteralMax = size_t{64} << 10;
// What one connection can have a worker keep for one command.
inline constexpr size_t kCommandTextMax = size_t{1} << 20;
inline constexpr TextLimits kTextLimitsLoggedIn{kCommandLineMax, kCommandLiteralMax,
                                                kCommandTextMax};
// Before somebody has logged in: a token of OAUTHBEARER takes some KiB, a password much less.
inline constexpr TextLimits kTextLimitsBeforeLogin{8 << 10, 4 << 10, 12 << 10};

enum class TextStatus : uint8_t { ok, lines_too_long, literal_too_long, text_too_long };

struct TextLiteral {
    size_t mark = 0;   // where "{5}" begins in the text
    size_t begin = 0;  // where its octets do, right behind "{5}"
    size_t octets = 0;
    bool binary = false;
};

class CommandText {
  public:
    explicit CommandText(const TextLimits& limits) : limits_(limits) {}

    // A line without its CR LF. What is over a limit is not added: the command cannot be read on,
    // only its remainder be skipped.
    TextStatus add_line(std::string_view line);
    // The same in pieces: the line's last one is followed by end_line().
    TextStatus add_line_part(std::string_view part);
    void end_line();

    // The literal that the last line ends with, as long as it is not part of the text: an argument
    // to be read, or a message. Its offset is one in octets().
    const std::optional<LiteralMark>& announced() const { return announced_; }
    // It is an argument: its octets follow. Over a limit: it stays announced.
    TextStatus begin_literal();
    // Of what begin_literal() began, at most literal_left() octets.
    void add_literal(std::string_view octets);
    size_t literal_left() const { return literal_left_; }

    // "A1 LOGIN {5}alice secret", with the literals of it in their order.
    std::string_view octets() const { return octets_; }
    const std::vector<TextLiteral>& literals() const { return literals_; }
    // For the next command; memory beyond a usual command's is given back.
    void clear();

  private:
    TextLimits limits_;
    std::string octets_;
    std::vector<TextLiteral> literals_;
    std::optional<LiteralMark> announced_;
    size_t line_begin_ = 0;
    size_t line_octets_ = 0;  // of all lines
    size_t literal_left_ = 0;
};

}  // namespace gatepost::dataplane
