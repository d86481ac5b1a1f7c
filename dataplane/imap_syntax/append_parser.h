// APPEND and REPLACE, step by step: the messages in them go by as streams of octets (RFC 9051
// §6.3.12, RFC 3502 MULTIAPPEND, RFC 4469 CATENATE, RFC 6855 UTF8, RFC 8508 REPLACE).
//
//     AppendParser parser(std::move(text), context);      // the text ends with the first line
//     for (;;) switch (parser.next()) {
//         case argument_literal:  // as of other commands: parser.text().begin_literal(), …
//         case message_literal:   // part(): its octets follow, and then a line:
//                                 //     parser.add_line(line);
//         case url:               // part(): what it names is the next piece of the message
//         case message_end:       // message() is complete
//         case end:               // of the command
//         case error:             // error(); what text().announced() has may follow in spite of it
//     }
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/imap_syntax/command.h"
#include "dataplane/imap_syntax/command_text.h"
#include "dataplane/imap_syntax/imap_scanner.h"
#include "dataplane/imap_syntax/parse_context.h"
#include "dataplane/imap_syntax/syntax_error.h"

namespace gatepost::dataplane {

// Messages of one command: they are committed in one transaction.
inline constexpr size_t kAppendMessagesMax = 1000;
// Parts of one message.
inline constexpr size_t kCatenatePartsMax = 1000;

struct AppendMessage {
    FlagList flags;
    std::optional<int64_t> internal_date_s;  // seconds since 1970
    bool utf8 = false;                       // UTF8 (…): its header may be UTF-8
    bool catenated = false;                  // made of parts
};

class AppendParser {
  public:
    enum class Step : uint8_t { argument_literal, message_literal, url, message_end, end, error };

    // `text` holds a line of a command that carries_message(), and maybe literals and lines more.
    AppendParser(CommandText text, const ParseContext& context)
        : text_(std::move(text)), context_(context) {}

    // Once it gave `end` or `error`, it is over.
    Step next();
    CommandText& text() { return text_; }
    // The line behind a message literal, without its CR LF. What was in the text before is dropped;
    // the limit holds for each such line.
    TextStatus add_line(std::string_view line);

    // From the first step on that is not `argument_literal`: tag, verb, by_uid, name (the mailbox),
    // set (of REPLACE: one number).
    const ImapCommand& command() const { return command_; }
    // The message under way: from the first of its parts on.
    const AppendMessage& message() const { return message_; }
    const AppendPart& part() const { return part_; }
    const SyntaxError& error() const { return error_; }

  private:
    enum class State : uint8_t {
        head,           // at the tag
        message,        // at the space before flags, date and message
        part,           // of CATENATE: at URL or TEXT
        literal,        // behind a message's or a part's octets
        after_part,     // of CATENATE: at a space or ")"
        after_message,  // at a space or the end
        over,
    };

    std::optional<Step> advance(ImapScanner& scanner);
    bool parse_head(ImapScanner& scanner);
    std::optional<Step> parse_message(ImapScanner& scanner);
    std::optional<Step> parse_part(ImapScanner& scanner);
    std::optional<Step> announce(ImapScanner& scanner);
    std::optional<Step> end_message();

    CommandText text_;
    ParseContext context_;
    State state_ = State::head;
    size_t position_ = 0;  // of the state in the text
    ImapCommand command_;
    AppendMessage message_;
    AppendPart part_;
    SyntaxError error_;
    size_t messages_ = 0;
    size_t parts_ = 0;
};

}  // namespace gatepost::dataplane
