// RETR, TOP (RFC 1939 §5, §7).
#include <fmt/format.h>

#include <algorithm>

#include "dataplane/imap_fetch/body_source.h"
#include "dataplane/imap_fetch/find_body.h"
#include "dataplane/log/log.h"
#include "dataplane/pop3/header_downgrade.h"
#include "dataplane/pop3/pop3_limits.h"
#include "dataplane/pop3/pop3_session.h"
#include "dataplane/pop3/pop3_text.h"

namespace gatepost::dataplane {

namespace {

// RFC 6856 §2.1: the size need not be right here, but had better be. Without one: it is not known.
std::string greeting(uint64_t body_lines, std::optional<uint64_t> size) {
    if (body_lines != Pop3Text::kAllLines) return "+OK That is its top\r\n";
    return size ? fmt::format("+OK {} octets\r\n", *size) : "+OK Here it is\r\n";
}

// What goes out for a message of `stored` octets whose first ones have been taken.
std::optional<uint64_t> size_in_ascii(uint64_t stored, const HeaderDowngrade& downgrade) {
    if (!downgrade.header_ended()) return std::nullopt;
    return stored + static_cast<uint64_t>(downgrade.grown());
}

}  // namespace

Task<Pop3Session::Next> Pop3Session::retr(std::string_view argument) {
    const auto number = find_message(argument);
    if (!number) co_return refuse("There is no such message");
    co_return co_await send_message(*number, Pop3Text::kAllLines);
}

Task<Pop3Session::Next> Pop3Session::top(std::string_view argument) {
    const auto number = find_message(take_pop3_word(argument));
    if (!number) co_return refuse("There is no such message");
    const auto lines = parse_pop3_number(argument);
    if (!lines) co_return bad("TOP goes with a number of lines");
    co_return co_await send_message(*number, *lines);
}

Task<Pop3Session::Next> Pop3Session::send_message(uint32_t number, uint64_t body_lines) {
    std::optional<storage::MailboxView> mailbox;
    const bool opened = co_await open_maildrop(mailbox);
    if (!opened) co_return unavailable("The mailbox cannot be read now; try again");
    const uint32_t uid = maildrop_.uid_at(number);
    const storage::MailboxEntry* entry = mailbox->find(uid);
    if (entry == nullptr) co_return refuse("Somebody else has deleted that message");
    const storage::BodyLocation body = entry->location();
    const bool whole = body_lines == Pop3Text::kAllLines;
    const bool to_flag = whole && (entry->flags & storage::kFlagSeen) == 0;
    const Next next = co_await send_body(uid, body, body_lines);
    if (next == Next::command && to_flag) maildrop_.mark_read(number);
    co_return next;
}

Task<Pop3Session::Next> Pop3Session::send_body(uint32_t uid, const storage::BodyLocation& body,
                                               uint64_t body_lines) {
    BodySource::FindAgain find_again = [this, uid] {
        return find_body(environment_.mailboxes(), maildrop_.mailbox_id(), maildrop_.uid_validity(),
                         uid);
    };
    BodySource source(environment_.store(), body, std::move(find_again));
    Pop3Text text(body_lines);
    HeaderDowngrade downgrade(environment_.charsets());
    std::string out;
    if (body.size == 0) out = greeting(body_lines, 0);
    bool more = true;
    for (uint64_t offset = 0; more && offset < body.size;) {
        const Extent extent{offset, std::min<uint64_t>(body.size - offset, kPop3BodyPiece)};
        Bytes octets;
        const bool is_read = co_await source.get(extent, octets);
        if (!is_read) {
            log(LogLevel::error, "pop3.body_unreadable",
                {{"session", session_text(session_.id)},
                 {"segment", body.segment},
                 {"offset", body.offset}});
            if (offset == 0) co_return unavailable("The message cannot be read now; try again");
            // What is missing cannot be said any more, but by leaving out the answer's end.
            session_.end = storage::StreamEnd::server;
            co_return Next::end;
        }
        storage::count(counters_.body_octets, octets.size());
        if (!utf8_) octets = downgrade.take(octets);
        if (offset == 0)
            out = greeting(body_lines, utf8_ ? body.size : size_in_ascii(body.size, downgrade));
        more = text.add(octets, out);
        offset += extent.size;
        const Next next = co_await say_piece(out);
        if (next == Next::end) co_return next;
    }
    storage::count(counters_.fetched);
    if (more && !utf8_) text.add(downgrade.finish(), out);
    text.finish(out);
    co_return co_await say_piece(out);
}

}  // namespace gatepost::dataplane
