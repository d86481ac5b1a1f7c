// STAT, LIST, UIDL, DELE, RSET (RFC 1939 §5, §7): the messages as they were at the login.
#include <fmt/format.h>

#include "dataplane/pop3/pop3_limits.h"
#include "dataplane/pop3/pop3_session.h"

namespace gatepost::dataplane {

namespace {

constexpr std::string_view kNoMessage = "There is no such message";

}  // namespace

std::optional<uint32_t> Pop3Session::find_message(std::string_view argument) const {
    const auto number = parse_pop3_number(argument);
    if (!number || !maildrop_.has(*number)) return std::nullopt;
    return number;
}

Pop3Session::Next Pop3Session::stat() {
    return ok(fmt::format("{} {}", maildrop_.messages_left(), maildrop_.octets_left()));
}

std::string Pop3Session::listing(Pop3Verb verb, uint32_t number) const {
    if (verb == Pop3Verb::uidl) return fmt::format("{} {}", number, maildrop_.unique_id(number));
    return fmt::format("{} {}", number, maildrop_.octets_at(number));
}

Task<Pop3Session::Next> Pop3Session::list(Pop3Verb verb, std::string_view argument) {
    if (!argument.empty()) {
        const auto number = find_message(argument);
        co_return number ? ok(listing(verb, *number)) : refuse(kNoMessage);
    }
    std::string piece = fmt::format("+OK {} messages ({} octets)\r\n", maildrop_.messages_left(),
                                    maildrop_.octets_left());
    for (uint32_t number = 1; number <= maildrop_.size(); ++number) {
        if (!maildrop_.has(number)) continue;
        piece.append(listing(verb, number)).append("\r\n");
        if (piece.size() < kPop3Piece) continue;
        const Next next = co_await say_piece(piece);
        if (next == Next::end) co_return next;
    }
    piece += ".\r\n";
    co_return co_await say_piece(piece);
}

Pop3Session::Next Pop3Session::dele(std::string_view argument) {
    const auto number = find_message(argument);
    if (!number) return refuse(kNoMessage);
    maildrop_.mark_deleted(*number);
    return ok("It goes with QUIT");
}

Pop3Session::Next Pop3Session::rset() {
    maildrop_.unmark_deleted();
    return ok("Nothing is deleted");
}

}  // namespace gatepost::dataplane
