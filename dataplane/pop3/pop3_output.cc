// What a session says, and how it ends.
#include "dataplane/pop3/pop3_limits.h"
#include "dataplane/pop3/pop3_session.h"

namespace gatepost::dataplane {

using storage::StreamEnd;

Pop3Session::Next Pop3Session::say(std::string_view octets) {
    if (stream_.append(Bytes(reinterpret_cast<const uint8_t*>(octets.data()), octets.size())))
        return Next::command;
    session_.end = StreamEnd::no_memory;
    return Next::end;
}

Pop3Session::Next Pop3Session::ok(std::string_view text) {
    std::string line("+OK ");
    line.append(text).append("\r\n");
    return say(line);
}

Pop3Session::Next Pop3Session::refuse(std::string_view text) {
    storage::count(counters_.refused);
    std::string line("-ERR ");
    line.append(text).append("\r\n");
    return say(line);
}

Pop3Session::Next Pop3Session::bad(std::string_view text) {
    storage::count(counters_.bad_commands);
    if (++bad_commands_ >= kPop3BadCommandsMax)
        return part("Too many commands that are none", StreamEnd::protocol);
    return refuse(text);
}

// RFC 3206 §3.
Pop3Session::Next Pop3Session::unavailable(std::string_view text) {
    storage::count(counters_.unavailable);
    return refuse(std::string("[SYS/TEMP] ").append(text));
}

Pop3Session::Next Pop3Session::part(std::string_view text, StreamEnd end) {
    if (refuse(text) == Next::command) session_.end = end;
    return Next::end;
}

Pop3Session::Next Pop3Session::lost(StreamStatus status) {
    session_.end = stream_end(status);
    return Next::end;
}

Task<Pop3Session::Next> Pop3Session::push(size_t unsent_max) {
    stream_.expect_within(kPop3WriteMs);
    const StreamStatus status = co_await stream_.push(unsent_max);
    if (status == StreamStatus::ok) co_return Next::command;
    session_.end = status == StreamStatus::timeout ? StreamEnd::not_read : stream_end(status);
    co_return Next::end;
}

Task<Pop3Session::Next> Pop3Session::say_piece(std::string& piece) {
    if (cut_off_) {
        session_.end = StreamEnd::server;
        co_return Next::end;
    }
    const Next said = say(piece);
    piece.clear();
    if (said == Next::end || stream_.unsent() <= kPop3UnsentMax) co_return said;
    co_return co_await push(kPop3UnsentMax / 2);
}

}  // namespace gatepost::dataplane
