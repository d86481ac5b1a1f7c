// APPEND and REPLACE (RFC 9051 §6.3.12, RFC 3502, RFC 8508): messages go to the store as they come.
// CATENATE's parts are in catenate.cc.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "dataplane/imap/appending.h"
#include "dataplane/imap/flag_rights.h"
#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/imap_syntax/imap_text.h"

namespace gatepost::dataplane {

using Kind = ImapReply::Kind;
using Step = AppendParser::Step;

namespace {

ImapReply store_failure(StoreStatus status) {
    if (status == StoreStatus::busy)
        return {Kind::no, "UNAVAILABLE", "Too many messages come in at the moment; try again"};
    return {Kind::no, "UNAVAILABLE", "No message can be stored now; try again"};
}

}  // namespace

Task<ImapSession::Next> ImapSession::append() {
    Appending appending(std::move(text_), parse_context());
    text_ = CommandText(account_id_ == 0 ? kTextLimitsBeforeLogin : kTextLimitsLoggedIn);
    for (;;) {
        const Step step = appending.parser.next();
        Next next = Next::command;
        if (step == Step::argument_literal)
            next = co_await append_argument(appending);
        else if (step == Step::message_literal)
            next = co_await append_literal(appending);
        else if (step == Step::url)
            next = co_await append_url(appending);
        else if (step == Step::message_end)
            next = co_await append_message_end(appending);
        else if (step == Step::end)
            next = co_await end_append(appending);
        else
            next = co_await append_error(appending);
        if (next == Next::end || appending.answered) co_return next;
    }
}

Task<ImapSession::Next> ImapSession::append_argument(Appending& appending) {
    CommandText& text = appending.parser.text();
    const LiteralMark mark = *text.announced();
    if (text.begin_literal() != TextStatus::ok) {
        appending.answered = true;
        co_return co_await refuse_literal(mark);
    }
    if (mark.synchronizing) {
        const bool asked = co_await ask_for_literal();
        if (!asked) co_return Next::end;
    }
    const Next read = co_await read_text_literal(text);
    if (read == Next::end) co_return read;
    std::string line;
    const LineRead got = co_await read_text_line(line);
    if (got == LineRead::end) co_return Next::end;
    if (got == LineRead::ok && text.add_line(line) == TextStatus::ok) co_return Next::command;
    appending.answered = true;
    co_return co_await refuse_line(got == LineRead::too_long, line);
}

// Whether it may be done at all, before anything is taken.
Task<> ImapSession::check_append(Appending& appending) {
    appending.checked = true;
    const ImapCommand& command = appending.parser.command();
    if (const auto refused = out_of_place(command)) co_return appending.fail(*refused);
    const ImapReply opened = co_await open_account(environment_.mailboxes(), account_id_);
    if (opened.kind != Kind::ok) co_return appending.fail(opened);
    const auto target = find_listing(command.name);
    // RFC 9051 §6.3.12.
    if (!target || (target->rights & storage::kRightLookup) == 0)
        co_return appending.fail({Kind::no, "TRYCREATE", "There is no such mailbox"});
    if ((target->rights & storage::kRightInsert) == 0)
        co_return appending.fail({Kind::no, "NOPERM", "You may not put messages there"});
    appending.request.mailbox_id = target->mailbox_id;
    appending.rights = target->rights;
    if (command.verb != ImapVerb::replace) co_return;
    constexpr uint16_t kTaking = storage::kRightDeleteMessages | storage::kRightExpunge;
    if (selected_->read_only() || (selected_rights() & kTaking) != kTaking)
        co_return appending.fail({Kind::no, "NOPERM", "You may not take messages away here"});
    bool bad = false;
    const storage::UidSet replaced =
        selected_->numbers().resolve(command.set, command.by_uid, selected_->saved(), bad);
    if (bad) co_return appending.fail({Kind::bad, "", "There is no message of that number"});
    if (replaced.empty())
        co_return appending.fail({Kind::no, "NONEXISTENT", "There is no such message"});
    appending.request.replaced_mailbox_id = selected_->id();
    appending.request.replaced_uid = replaced.front().first;
}

// Before a part of a message: makes room for it.
void ImapSession::begin_part(Appending& appending, uint64_t octets) {
    if (appending.failure) return;
    const uint64_t before = appending.intake ? appending.intake->size() : 0;
    // RFC 7889 §4.
    if (octets > options_.message_octets_max - before) {
        storage::count(counters_.literals_refused);
        return appending.fail({Kind::no, "TOOBIG", "The message is too large"});
    }
    if (appending.intake) return;
    const StoreStatus accepting = environment_.store().accepting();
    if (accepting != StoreStatus::ok) return appending.fail(store_failure(accepting));
    appending.intake.emplace(environment_.store(), environment_.charsets());
}

Task<ImapSession::Next> ImapSession::append_literal(Appending& appending) {
    const AppendPart part = appending.parser.part();
    if (!appending.checked) co_await check_append(appending);
    // RFC 3502 §6.3.11: that is how a client gives up.
    if (part.literal_octets == 0 && !appending.parser.message().catenated)
        appending.fail({Kind::no, "CANNOT", "A message has at least one octet"});
    begin_part(appending, part.literal_octets);
    // What the client asks for before it sends it does not come.
    if (appending.failure && part.synchronizing) co_return co_await end_append(appending);
    if (appending.failure &&
        part.literal_octets > std::max(options_.message_octets_max, kImapSkippedMax)) {
        this->part("[TOOBIG] That message is too large", storage::StreamEnd::protocol);
        co_return Next::end;
    }
    if (part.synchronizing) {
        const bool asked = co_await ask_for_literal();
        if (!asked) co_return Next::end;
    }
    const Next taken = co_await take_octets(appending, part);
    if (taken == Next::end) co_return taken;
    std::string line;
    deadline_ms_ = stream_.now_ms() + options_.command_ms;
    const LineRead got = co_await read_text_line(line);
    if (got == LineRead::end) co_return Next::end;
    if (got == LineRead::ok && appending.parser.add_line(line) == TextStatus::ok)
        co_return Next::command;
    appending.answered = true;
    co_return co_await refuse_line(got == LineRead::too_long, line);
}

Task<ImapSession::Next> ImapSession::take_octets(Appending& appending, AppendPart part) {
    uint64_t left = part.literal_octets;
    while (left != 0) {
        if (stream_.input().empty()) {
            deadline_ms_ = stream_.now_ms() + kImapLiteralMs;
            const Next next = co_await fill();
            if (next == Next::end) co_return next;
        }
        const Bytes input = stream_.input();
        const auto count = static_cast<size_t>(std::min<uint64_t>(left, input.size()));
        const Bytes piece = input.first(count);
        // RFC 9051 §4.3.1, RFC 3516 §4.4.
        if (!part.binary && std::memchr(piece.data(), 0, piece.size()) != nullptr)
            appending.fail({Kind::bad, "", "NUL is allowed in a literal8 alone"});
        if (!appending.failure) {
            const StoreStatus status = co_await appending.intake->add(piece);
            if (status != StoreStatus::ok) appending.fail(store_failure(status));
        }
        stream_.consume(count);
        left -= count;
    }
    co_return Next::command;
}

Task<ImapSession::Next> ImapSession::append_message_end(Appending& appending) {
    if (appending.failure) co_return Next::command;
    if (!appending.intake || appending.intake->size() == 0) {
        appending.fail({Kind::no, "CANNOT", "A message has at least one octet"});
        co_return Next::command;
    }
    storage::AppendedMessage& message = appending.request.messages.emplace_back();
    const AppendMessage& given = appending.parser.message();
    // RFC 4314 §4: flags that may not be set are left out.
    message.flags = given.flags.flags & flags_allowed(appending.rights);
    if ((appending.rights & storage::kRightWrite) != 0) message.keywords = given.flags.keywords;
    message.internal_date_us =
        given.internal_date_s ? *given.internal_date_s * 1'000'000 : environment_.now_us();
    const storage::BlobId id = environment_.next_blob_id();
    const StoreStatus status = co_await appending.intake->keep(id, message);
    if (status == StoreStatus::ok)
        appending.kept.push_back(appending.intake->release());
    else
        appending.fail(store_failure(status));
    appending.intake.reset();
    co_return Next::command;
}

Task<ImapSession::Next> ImapSession::append_error(Appending& appending) {
    appending.answered = true;
    const SyntaxError error = appending.parser.error();
    const auto announced = appending.parser.text().announced();
    if (announced && !announced->synchronizing) {
        Next next = co_await skip_octets(announced->octets);
        if (next == Next::command) next = co_await skip_command();
        if (next == Next::end) co_return next;
    }
    const ImapReply reply{error.refused ? Kind::no : Kind::bad, error.code, error.text};
    co_return co_await finish(error.tag, nullptr, reply);
}

Task<ImapSession::Next> ImapSession::end_append(Appending& appending) {
    appending.answered = true;
    const ImapCommand& command = appending.parser.command();
    if (appending.failure) co_return co_await finish(command.tag, &command, *appending.failure);
    const size_t messages = appending.request.messages.size();
    const bool replaces = appending.request.replaced_uid != 0;
    storage::MailboxRequest asked = std::move(appending.request);
    const storage::MailboxReply reply = co_await ask_mailboxes(std::move(asked));
    if (reply.outcome == storage::MailboxOutcome::not_found) {
        const ImapReply gone{Kind::no, replaces ? "NONEXISTENT" : "TRYCREATE",
                             "The mailbox, or the message to be replaced, is no more"};
        co_return co_await finish(command.tag, &command, gone);
    }
    if (!reply.ok()) co_return co_await finish(command.tag, &command, reply_of(reply));
    storage::count(counters_.appended, messages);
    // RFC 9051 §7.1: APPENDUID.
    std::string code = fmt::format("APPENDUID {} ", reply.uid_validity);
    append_sequence_set(code, reply.uids);
    ImapReply done{Kind::ok, code, replaces ? "REPLACE completed" : "APPEND completed"};
    if (replaces) {
        // RFC 8508 §3.4: before the old one is said to have gone.
        if (!say("* OK [" + code + "] The new message is there\r\n")) co_return Next::end;
        done.code.clear();
    }
    co_return co_await finish(command.tag, &command, done);
}

}  // namespace gatepost::dataplane
