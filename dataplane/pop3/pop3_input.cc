// What a client sends: lines (RFC 1939 §3, RFC 2449 §4).
#include <cstring>

#include "dataplane/pop3/pop3_limits.h"
#include "dataplane/pop3/pop3_session.h"
#include "dataplane/stream/line_reader.h"

namespace gatepost::dataplane {

namespace {

constexpr size_t kKeptLineMax = 512;  // octets of memory that a session keeps for the next command

bool has_line(Bytes input) {
    return !input.empty() && std::memchr(input.data(), '\n', input.size()) != nullptr;
}

}  // namespace

Task<Pop3Session::Next> Pop3Session::read_command() {
    if (line_.capacity() > kKeptLineMax) line_ = {};
    // RFC 1939 §3: the inactivity timer starts anew with every command.
    const uint64_t end_ms =
        is_logged_in() ? stream_.now_ms() + options_.idle_ms : since_ms_ + options_.login_ms;
    for (;;) {
        if (const auto end = end_if_told_to()) co_return *end;
        if (!has_line(stream_.input()) || stream_.unsent() > kPop3UnsentMax) {
            const Next next = co_await push(0);
            if (next == Next::end) co_return next;
            if (const auto end = end_if_told_to()) co_return *end;
        }
        const uint64_t now_ms = stream_.now_ms();
        stream_.expect_within(end_ms > now_ms ? end_ms - now_ms : 1);
        waits_ = true;
        const Line line = co_await read_line(stream_, kPop3AuthLineMax - 2, LineEnding::lf_too);
        waits_ = false;
        if (line.status == StreamStatus::woken) continue;
        if (line.status == StreamStatus::timeout) co_return timed_out();
        if (line.status == StreamStatus::too_long) co_return long_line();
        if (line.status != StreamStatus::ok) co_return lost(line.status);
        line_.assign(reinterpret_cast<const char*>(line.text.data()), line.text.size());
        stream_.consume(line.length);
        co_return Next::command;
    }
}

// No client of anybody's sends one that long.
Pop3Session::Next Pop3Session::long_line() {
    return part("That line is too long", storage::StreamEnd::protocol);
}

// The process is to end, or whoever runs the server has said so.
std::optional<Pop3Session::Next> Pop3Session::end_if_told_to() {
    if (session_.draining)
        return part("[SYS/TEMP] The server stops here; connect again", storage::StreamEnd::drained);
    if (!disconnected_) return std::nullopt;
    return part(disconnect_reason_.empty() ? "Disconnected" : disconnect_reason_,
                storage::StreamEnd::server);
}

// RFC 1939 §3: the connection is closed without a word, and without removing any message.
Pop3Session::Next Pop3Session::timed_out() {
    session_.end = storage::StreamEnd::idle;
    return Next::end;
}

}  // namespace gatepost::dataplane
