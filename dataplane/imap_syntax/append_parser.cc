#include "dataplane/imap_syntax/append_parser.h"

#include "dataplane/imap_syntax/command_head.h"
#include "dataplane/imap_syntax/common_arguments.h"

namespace gatepost::dataplane {

using Step = AppendParser::Step;

TextStatus AppendParser::add_line(std::string_view line) {
    text_.clear();
    position_ = 0;
    return text_.add_line(line);
}

Step AppendParser::next() {
    ImapScanner scanner(text_, position_);
    while (state_ != State::over) {
        // Each state is taken as a whole: where a literal is wanting, it begins anew later.
        position_ = scanner.position();
        const std::optional<Step> step = advance(scanner);
        if (step) {
            position_ = scanner.position();
            return *step;
        }
        if (scanner.needs_literal()) return Step::argument_literal;
        if (scanner.failed()) {
            error_ = scanner.error(command_.tag);
            state_ = State::over;
        }
    }
    return error_.text.empty() ? Step::end : Step::error;
}

// The step that was reached; nullopt: another state was, or the scanner has an error.
std::optional<Step> AppendParser::advance(ImapScanner& scanner) {
    switch (state_) {
        case State::head:
            if (parse_head(scanner)) state_ = State::message;
            return std::nullopt;
        case State::message:
            return parse_message(scanner);
        case State::part:
            return parse_part(scanner);
        case State::literal:
            if (message_.catenated) {
                state_ = State::after_part;
                return std::nullopt;
            }
            if (message_.utf8 && !scanner.expect(')')) return std::nullopt;
            return end_message();
        case State::after_part:
            if (scanner.take(')')) return end_message();
            if (!scanner.space()) return std::nullopt;
            if (scanner.take(')')) return end_message();
            state_ = State::part;
            return std::nullopt;
        case State::after_message:
            // RFC 3502 §6.3.11: the next message, or the end. REPLACE has one (RFC 8508 §5).
            if (!scanner.at_end() && !scanner.space()) return std::nullopt;
            if (scanner.at_end())
                state_ = State::over;
            else if (command_.verb == ImapVerb::replace)
                scanner.end();
            else
                state_ = State::message;
            return std::nullopt;
        case State::over:
            break;
    }
    return std::nullopt;
}

bool AppendParser::parse_head(ImapScanner& scanner) {
    CommandHead head;
    const bool ok = parse_command_head(scanner, head);
    command_ = ImapCommand{};
    command_.tag = head.tag;
    command_.verb = head.verb;
    command_.by_uid = head.by_uid;
    if (!ok) return false;
    if (head.verb == ImapVerb::replace) {
        // RFC 8508 §5: one message's number, where others have sets.
        if (!scanner.space() || !parse_sequence_set(scanner, command_.set)) return false;
        const auto& ranges = command_.set.ranges;
        if (ranges.size() != 1 || ranges[0].first != ranges[0].last)
            return scanner.fail("REPLACE is of one message");
    } else if (head.verb != ImapVerb::append) {
        return scanner.fail("that command has no message");
    }
    if (!context_.logged_in) return scanner.fail("log in first");
    if (!scanner.space() || !parse_mailbox(scanner, context_, command_.name)) return false;
    return scanner.space();
}

// "(\Seen) "17-Jul-1996 02:44:25 -0700" {310}"
std::optional<Step> AppendParser::parse_message(ImapScanner& scanner) {
    message_ = {};
    parts_ = 0;
    if (++messages_ > kAppendMessagesMax) {
        scanner.refuse("LIMIT", "Too many messages are appended at once.");
        return std::nullopt;
    }
    // RFC 3501 §2.3.2: \Recent is no client's to set. It is left out: who carries messages over
    // with all the flags that FETCH gave is not to lose them for it.
    if (scanner.peek() == '(' && (!parse_flag_list(scanner, message_.flags) || !scanner.space()))
        return std::nullopt;
    if (scanner.peek() == '"' &&
        (!parse_date_time(scanner, message_.internal_date_s.emplace()) || !scanner.space()))
        return std::nullopt;
    if (scanner.take_keyword("CATENATE")) {
        if (!scanner.space() || !scanner.expect('(')) return std::nullopt;
        message_.catenated = true;
        state_ = State::part;
        return std::nullopt;
    }
    if (scanner.take_keyword("UTF8")) {  // RFC 6855 §4: literal8 in parentheses
        if (!scanner.space() || !scanner.expect('(')) return std::nullopt;
        message_.utf8 = true;
    }
    return announce(scanner);
}

// "URL "/INBOX/;UID=20"", "TEXT {310}" (RFC 4469 §5)
std::optional<Step> AppendParser::parse_part(ImapScanner& scanner) {
    if (++parts_ > kCatenatePartsMax) {
        scanner.refuse("LIMIT", "The message is made of too many parts.");
        return std::nullopt;
    }
    if (scanner.take_keyword("TEXT")) return scanner.space() ? announce(scanner) : std::nullopt;
    part_ = {};
    if (!scanner.take_keyword("URL")) {
        scanner.fail("a part is URL or TEXT");
        return std::nullopt;
    }
    if (!scanner.space() || !scanner.astring(part_.url)) {
        if (scanner.needs_literal()) --parts_;  // it will be read once more
        return std::nullopt;
    }
    if (part_.url.empty()) {
        scanner.fail("a URL is empty");
        return std::nullopt;
    }
    state_ = State::after_part;
    return Step::url;
}

// The literal that the line ends with is the message, or a part of it.
std::optional<Step> AppendParser::announce(ImapScanner& scanner) {
    if (!scanner.at_announced_literal()) {
        scanner.fail("a literal is missing, and a line's end behind it");
        return std::nullopt;
    }
    const LiteralMark& mark = *text_.announced();
    part_ = {.url = {},
             .literal_octets = mark.octets,
             .synchronizing = mark.synchronizing,
             .binary = mark.binary};
    state_ = State::literal;
    return Step::message_literal;
}

std::optional<Step> AppendParser::end_message() {
    state_ = State::after_message;
    return Step::message_end;
}

}  // namespace gatepost::dataplane
