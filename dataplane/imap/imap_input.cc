// What a client sends: commands of lines and literals (RFC 9051 §2.2.1, §4.3, RFC 7888).
#include <algorithm>
#include <cstring>

#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/imap_syntax/command_head.h"
#include "dataplane/imap_syntax/imap_characters.h"

namespace gatepost::dataplane {

namespace {

// Of a line that is read over: enough to see a literal at its end.
constexpr size_t kTailMax = 32;
constexpr size_t kTagMax = 64;  // octets of a tag that is repeated

std::string_view text_of(Bytes octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

// Octets of `input` that are of the line: with its LF, if that is there; without a CR that may
// belong to the line's end.
size_t line_octets(Bytes input, bool& ends) {
    const auto* lf = static_cast<const uint8_t*>(std::memchr(input.data(), '\n', input.size()));
    ends = lf != nullptr;
    if (ends) return static_cast<size_t>(lf - input.data()) + 1;
    return input.back() == '\r' ? input.size() - 1 : input.size();
}

std::string_view without_ending(std::string_view line) {
    line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// "*" where there is none (RFC 9051 §7.1.3).
std::string find_tag(std::string_view line) {
    const std::string_view tag = line.substr(0, line.find(' '));
    const bool sound =
        !tag.empty() && tag.size() <= kTagMax &&
        std::ranges::all_of(tag, [](char c) { return is_imap_character(c, kTagCharacter); });
    return sound ? std::string(tag) : "*";
}

}  // namespace

// Until the first octet of a command is there. What was said goes out before.
Task<ImapSession::Next> ImapSession::wait_for_command() {
    for (;;) {
        if (ended_ || end_if_told_to()) co_return Next::end;
        // Commands that anybody may give do not put it off.
        if (account_id_ == 0 && stream_.now_ms() >= since_ms_ + login_ms()) {
            timed_out();
            co_return Next::end;
        }
        if (!stream_.input().empty() && stream_.unsent() <= kImapUnsentMax) co_return Next::command;
        news_ = false;
        if (notify_ != nullptr) {
            const bool told = co_await tell_notifications(true);
            if (!told) co_return Next::end;
        }
        const bool pushed = co_await push(kImapUnsentMax);
        if (!pushed) co_return Next::end;
        if (!stream_.input().empty()) co_return Next::command;
        if (news_) continue;  // meanwhile
        const uint64_t end =
            account_id_ == 0 ? since_ms_ + login_ms() : active_ms_ + options_.idle_ms;
        const StreamStatus status = co_await wait_for_input(end);
        if (status == StreamStatus::timeout && stream_.now_ms() >= end) {
            timed_out();
            co_return Next::end;
        }
        if (status == StreamStatus::ok || status == StreamStatus::woken ||
            status == StreamStatus::timeout)
            continue;
        lost(status);
        co_return Next::end;
    }
}

// Where places are short, who has not logged in is to be quick.
uint64_t ImapSession::command_deadline_ms() const {
    const uint64_t deadline_ms = stream_.now_ms() + options_.command_ms;
    return account_id_ != 0 ? deadline_ms : std::min(deadline_ms, since_ms_ + login_ms());
}

uint64_t ImapSession::login_ms() const {
    constexpr uint32_t kCrowdedFactor = 10;
    return options_.login_ms / (session_.crowded ? kCrowdedFactor : 1);
}

// For the client, or whoever calls wake().
Task<StreamStatus> ImapSession::wait_for_input(uint64_t end_ms) {
    const uint64_t now_ms = stream_.now_ms();
    // In IDLE the client has said that it will be silent.
    if (idling_ && stream_.can_rest() && !stream_.rest()) co_return StreamStatus::ok;
    const uint64_t wake_ms = stream_.can_rest() ? std::min(end_ms, now_ms + kImapRestMs) : end_ms;
    stream_.expect_within(wake_ms > now_ms ? wake_ms - now_ms : 1);
    waits_ = true;
    const StreamStatus status = co_await fill_stream();
    waits_ = false;
    const bool goes_on = status == StreamStatus::timeout && stream_.now_ms() < end_ms;
    if (goes_on && !stream_.rest()) co_return StreamStatus::ok;
    co_return status;
}

// `ok`: perhaps there is more than before.
Task<StreamStatus> ImapSession::fill_stream() {
    if (stream_.owes_turn()) {
        stream_.give_turn();
        co_await environment_.pause(0);
    }
    const StreamStatus status = co_await stream_.fill();
    co_return status;
}

// The process is to end, or whoever runs the server has said so.
bool ImapSession::end_if_told_to() {
    if (session_.draining) {
        part("[UNAVAILABLE] The server stops here; connect again", storage::StreamEnd::drained);
    } else if (disconnected_) {
        part(disconnect_reason_.empty() ? "Disconnected" : disconnect_reason_,
             storage::StreamEnd::server);
    }
    return ended_;
}

// For more of a command that has begun.
Task<ImapSession::Next> ImapSession::fill() {
    // Answers to what came before it do not wait for its rest.
    const bool pushed = co_await push(kImapUnsentMax);
    if (!pushed) co_return Next::end;
    const size_t before = stream_.input().size();
    for (;;) {
        if (cut_off_ && end_if_told_to()) co_return Next::end;
        const uint64_t now_ms = stream_.now_ms();
        stream_.expect_within(deadline_ms_ > now_ms ? deadline_ms_ - now_ms : 1);
        const StreamStatus status = co_await fill_stream();
        if (status == StreamStatus::ok && stream_.input().size() > before) co_return Next::command;
        if (status == StreamStatus::ok || status == StreamStatus::woken) continue;
        if (status == StreamStatus::timeout)
            part("[UNAVAILABLE] Autologout: that command has no end", storage::StreamEnd::deadline);
        else
            lost(status);
        co_return Next::end;
    }
}

Task<ImapSession::Next> ImapSession::read_command() {
    text_.clear();
    tag_.clear();
    answered_ = false;
    Next next = co_await wait_for_command();
    if (next == Next::end) co_return next;
    deadline_ms_ = command_deadline_ms();
    co_return co_await read_text();
}

// The rest of the command's text. Where it comes to a message (APPEND), the text ends there.
Task<ImapSession::Next> ImapSession::read_text() {
    for (;;) {
        std::string line;
        const LineRead got = co_await read_text_line(line);
        if (got == LineRead::end) co_return Next::end;
        if (tag_.empty()) tag_ = find_tag(line);
        if (got == LineRead::too_long || text_.add_line(line) != TextStatus::ok) {
            answered_ = true;
            co_return co_await refuse_line(got == LineRead::too_long, line);
        }
        if (!text_.announced() || carries_message(text_)) co_return Next::command;
        const LiteralMark mark = *text_.announced();
        if (text_.begin_literal() != TextStatus::ok) {
            answered_ = true;
            co_return co_await refuse_literal(mark);
        }
        if (mark.synchronizing) {
            const bool asked = co_await ask_for_literal();
            if (!asked) co_return Next::end;
        }
        const Next read = co_await read_text_literal(text_);
        if (read == Next::end) co_return read;
    }
}

Task<bool> ImapSession::ask_for_literal() {
    if (!say("+ Ready for the literal\r\n")) co_return false;
    co_return co_await push(kImapUnsentMax);
}

// The next line without its end. With `too_long` its beginning is in `line`, and the rest waits.
Task<ImapSession::LineRead> ImapSession::read_text_line(std::string& line) {
    const size_t octets_max =
        account_id_ == 0 ? kTextLimitsBeforeLogin.lines_max : kTextLimitsLoggedIn.lines_max;
    for (;;) {
        if (stream_.input().empty()) {
            const Next next = co_await fill();
            if (next == Next::end) co_return LineRead::end;
        }
        bool ends = false;
        const Bytes input = stream_.input();
        const size_t octets = line_octets(input, ends);
        std::string_view part = text_of(input.first(octets));
        if (ends) part = without_ending(part);
        const bool too_long = part.size() > octets_max - line.size();
        line += part.substr(0, octets_max - line.size());
        if (too_long) co_return LineRead::too_long;
        stream_.consume(octets);
        if (ends) co_return LineRead::ok;
        // What may be left is a CR.
        const Next next = co_await fill();
        if (next == Next::end) co_return LineRead::end;
    }
}

Task<ImapSession::Next> ImapSession::read_text_literal(CommandText& text) {
    while (text.literal_left() != 0) {
        if (stream_.input().empty()) {
            const Next next = co_await fill();
            if (next == Next::end) co_return next;
        }
        const Bytes input = stream_.input();
        const size_t octets = std::min(text.literal_left(), input.size());
        text.add_literal(text_of(input.first(octets)));
        stream_.consume(octets);
    }
    co_return Next::command;
}

Task<ImapSession::Next> ImapSession::skip_octets(uint64_t octets) {
    if (octets > std::max(options_.message_octets_max, kImapSkippedMax)) {
        part("[TOOBIG] That literal is too large", storage::StreamEnd::protocol);
        co_return Next::end;
    }
    uint64_t left = octets;
    while (left != 0) {
        if (stream_.input().empty()) {
            const Next next = co_await fill();
            if (next == Next::end) co_return next;
        }
        const auto count = static_cast<size_t>(std::min<uint64_t>(left, stream_.input().size()));
        stream_.consume(count);
        left -= count;
    }
    co_return Next::command;
}

// Reads over the rest of a command, from somewhere in a line on: to the end of the line that no
// literal follows which comes unasked.
Task<ImapSession::Next> ImapSession::skip_command() {
    std::string tail;
    uint64_t skipped = 0;
    for (;;) {
        if (skipped > kImapSkippedMax) {
            part("[TOOBIG] That command has no end", storage::StreamEnd::protocol);
            co_return Next::end;
        }
        if (stream_.input().empty()) {
            const Next next = co_await fill();
            if (next == Next::end) co_return next;
        }
        bool ends = false;
        const Bytes input = stream_.input();
        const size_t octets = line_octets(input, ends);
        tail.append(text_of(input.first(octets)));
        if (tail.size() > kTailMax) tail.erase(0, tail.size() - kTailMax);
        stream_.consume(octets);
        skipped += octets;
        if (!ends) {
            const Next next = co_await fill();
            if (next == Next::end) co_return next;
            continue;
        }
        const auto mark = find_literal(without_ending(tail));
        tail.clear();
        if (!mark || mark->synchronizing) co_return Next::command;
        skipped += mark->octets;
        const Next next = co_await skip_octets(mark->octets);
        if (next == Next::end) co_return next;
    }
}

// `unread`: the line's rest is still to come; else `line` is all of it.
Task<ImapSession::Next> ImapSession::refuse_line(bool unread, std::string_view line) {
    const auto mark = unread ? std::nullopt : find_literal(line);
    Next next = Next::command;
    if (mark && !mark->synchronizing) next = co_await skip_octets(mark->octets);
    if (next == Next::command && (unread || (mark && !mark->synchronizing)))
        next = co_await skip_command();
    if (next == Next::end) co_return next;
    const ImapReply reply{ImapReply::Kind::bad, "TOOBIG", "The command is too long"};
    co_return co_await finish(tag_, nullptr, reply);
}

// RFC 7888 §4: one that comes unasked has to be read over; the other one does not come.
Task<ImapSession::Next> ImapSession::refuse_literal(LiteralMark mark) {
    storage::count(counters_.literals_refused);
    if (!mark.synchronizing) {
        Next next = co_await skip_octets(mark.octets);
        if (next == Next::command) next = co_await skip_command();
        if (next == Next::end) co_return next;
    }
    const ImapReply reply{ImapReply::Kind::bad, "TOOBIG", "That literal is too large"};
    co_return co_await finish(tag_, nullptr, reply);
}

}  // namespace gatepost::dataplane
