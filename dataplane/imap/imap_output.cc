// What a session says, and how it ends.
#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/log/log.h"

namespace gatepost::dataplane {

using storage::StreamEnd;

bool ImapSession::say(std::string_view octets) {
    if (ended_) return false;
    if (stream_.append(Bytes(reinterpret_cast<const uint8_t*>(octets.data()), octets.size())))
        return true;
    session_.end = StreamEnd::no_memory;
    ended_ = true;
    return false;
}

bool ImapSession::say_reply(std::string_view tag, const ImapReply& reply) {
    static constexpr std::string_view kWords[] = {" OK ", " NO ", " BAD "};
    if (reply.kind == ImapReply::Kind::no) storage::count(counters_.refused);
    std::string line(tag);
    line += kWords[static_cast<size_t>(reply.kind)];
    if (!reply.code.empty()) line.append("[").append(reply.code).append("] ");
    line.append(reply.text).append("\r\n");
    return say(line);
}

Task<bool> ImapSession::push(size_t unsent_max) {
    if (ended_) co_return false;
    // RFC 4978 §4: whoever waits for an answer gets all of it.
    if (!stream_.flush()) {
        lost(StreamStatus::no_memory);
        co_return false;
    }
    stream_.expect_within(kImapWriteMs);
    const StreamStatus status = co_await stream_.push(unsent_max);
    if (status == StreamStatus::ok) co_return true;
    session_.end = status == StreamStatus::timeout ? StreamEnd::not_read : stream_end(status);
    ended_ = true;
    co_return false;
}

Task<bool> ImapSession::say_piece(std::string& piece) {
    if (cut_off_ && !ended_) {
        session_.end = StreamEnd::server;
        ended_ = true;
    }
    bool said = !ended_;
    // Not all at once: the buffers are those of all sessions of the worker.
    for (size_t at = 0; said && at < piece.size(); at += kImapPiece) {
        said = say(std::string_view(piece).substr(at, kImapPiece));
        if (said && stream_.unsent() > kImapUnsentMax) said = co_await push(kImapUnsentMax / 2);
        // Compressed, little is left of much work.
        said_in_turn_ += std::min(kImapPiece, piece.size() - at);
        if (!stream_.is_compressed() || said_in_turn_ < kImapUnsentMax) continue;
        said_in_turn_ = 0;
        co_await environment_.pause(0);
        said = said && !ended_;
    }
    piece.clear();
    co_return said;
}

void ImapSession::part(std::string_view text, StreamEnd end) {
    if (ended_) return;
    std::string line("* BYE ");
    line.append(text).append("\r\n");
    if (say(line)) session_.end = end;
    ended_ = true;
}

void ImapSession::lost(StreamStatus status) {
    if (stream_.is_broken()) return lost_compression();
    if (!ended_) session_.end = stream_end(status);
    ended_ = true;
}

void ImapSession::timed_out() {
    // RFC 9051 §5.4.
    part(account_id_ == 0 ? "[UNAVAILABLE] Autologout: nobody has logged in for too long"
                          : "[UNAVAILABLE] Autologout: nothing came for too long",
         StreamEnd::idle);
}

}  // namespace gatepost::dataplane
