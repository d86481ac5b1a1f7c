#include "tools/load/mail/mail_session.h"

#include "storage/base/check.h"

namespace gatepost::tools {

MailSession::State MailSession::end(SessionFailure failure, std::string reason) {
    failure_ = failure;
    reason_ = std::move(reason);
    dialogue_.lost();
    connection_.close();
    ready_behind_ = false;
    return state_ = State::closed;
}

void MailSession::give_up(SessionFailure failure, std::string reason) {
    if (state_ != State::closed) end(failure, std::move(reason));
}

MailSession::State MailSession::open(std::string_view user, std::string_view password) {
    opened_ns_ = progress_ns_ = clock_.now_ns();
    messages_ = 0;
    failure_ = SessionFailure::none;
    reader_.clear();
    dialogue_.begin(user, password);
    state_ = State::connecting;
    phase_ = Phase::connecting;
    ready_behind_ = was_sending_ = false;
    if (!connection_.open(plan_.target)) return end(SessionFailure::connect, connection_.failure());
    return state_;
}

MailSession::State MailSession::shake() {
    switch (connection_.handshake()) {
        case MailConnection::Progress::waiting:
            return state_;
        case MailConnection::Progress::failed:
            return end(SessionFailure::tls, connection_.failure());
        case MailConnection::Progress::done:
            break;
    }
    // With STARTTLS the dialogue goes on with EHLO, else it waits for the greeting.
    if (!plan_.implicit_tls) dialogue_.tls_started();
    phase_ = Phase::talking;
    return state_;
}

MailSession::State MailSession::connect_further() {
    switch (connection_.connected()) {
        case MailConnection::Progress::waiting:
            return state_;
        case MailConnection::Progress::failed:
            return end(SessionFailure::connect, connection_.failure());
        case MailConnection::Progress::done:
            break;
    }
    phase_ = Phase::talking;
    if (plan_.implicit_tls) {
        connection_.start_tls(*plan_.tls);
        phase_ = Phase::shaking;
    }
    return state_;
}

MailSession::State MailSession::advance(MailConnection::Room& in, MailConnection::Room& out) {
    if (phase_ == Phase::connecting && connect_further() == State::closed) return state_;
    if (phase_ == Phase::shaking && shake() == State::closed) return state_;
    if (phase_ != Phase::talking || read_replies(in) == State::closed) return state_;
    // STARTTLS was answered: the handshake begins with our octets.
    if (phase_ == Phase::shaking && shake() == State::closed) return state_;
    return phase_ == Phase::talking ? flush(out) : state_;
}

MailSession::State MailSession::read_replies(MailConnection::Room& in) {
    for (;;) {
        const ptrdiff_t got = connection_.read(in);
        if (got == TlsClient::kWaiting) return state_;
        if (got <= 0) {
            // A server may end the connection right behind its answer to QUIT, or without one.
            if (state_ == State::quitting) return end(SessionFailure::none, "");
            return end(SessionFailure::lost,
                       got == 0 ? "the server closed the connection" : connection_.failure());
        }
        progress_ns_ = clock_.now_ns();
        std::string_view octets(reinterpret_cast<const char*>(in.data()), static_cast<size_t>(got));
        for (;;) {
            const ReplyReader::Found found = reader_.take(octets, reply_);
            if (found == ReplyReader::Found::malformed)
                return end(SessionFailure::protocol, "that is no SMTP reply");
            if (found == ReplyReader::Found::nothing) break;
            if (take(dialogue_.on_reply(reply_)) == State::closed) return state_;
            if (phase_ == Phase::talking) continue;
            // RFC 3207 §5: what came in front of the handshake was not protected by it.
            if (!octets.empty()) return end(SessionFailure::tls, "octets behind STARTTLS's reply");
            return state_;
        }
        // The socket is empty where less came than there was room for; TLS may hold more.
        if (static_cast<size_t>(got) < in.size() && plan_.tls == nullptr) return state_;
    }
}

MailSession::State MailSession::take(SmtpDialogue::Step step) {
    switch (step) {
        case SmtpDialogue::Step::replies:
            break;
        case SmtpDialogue::Step::start_tls:
            connection_.start_tls(*plan_.tls);
            phase_ = Phase::shaking;
            break;
        case SmtpDialogue::Step::ready:
            // A verdict may come before the whole content is sent: that is sent all the same.
            if (dialogue_.output().size() == 0)
                state_ = State::ready;
            else
                ready_behind_ = true;
            break;
        case SmtpDialogue::Step::over:
            return end(dialogue_.failure(), dialogue_.reason());
    }
    return state_;
}

// The server takes no more. What it said before it went may still be there, and is its verdict.
MailSession::State MailSession::after_broken_pipe(MailConnection::Room& room) {
    const std::string why = connection_.failure();
    if (read_replies(room) == State::closed) return state_;
    if (state_ == State::quitting) return end(SessionFailure::none, "");
    return end(SessionFailure::lost, why);
}

MailSession::State MailSession::flush(MailConnection::Room& out) {
    SmtpOutput& output = dialogue_.output();
    if (output.size() == 0) return state_;
    // From before the system call, in which a server on another core may already answer.
    if (dialogue_.content_begun() && state_ == State::sending) content_sent_ns_ = clock_.now_ns();
    switch (connection_.write(output, out)) {
        case MailConnection::Progress::failed:
            return after_broken_pipe(out);
        case MailConnection::Progress::waiting:
            progress_ns_ = clock_.now_ns();
            return state_;
        case MailConnection::Progress::done:
            break;
    }
    if (ready_behind_) {
        ready_behind_ = false;
        state_ = State::ready;
    }
    return state_;
}

MailSession::State MailSession::send(OutgoingMessage&& message, uint64_t intended_ns,
                                     MailConnection::Room& out) {
    GATEPOST_CHECK(state_ == State::ready && !was_sending_);
    intended_ns_ = intended_ns;
    content_sent_ns_ = 0;
    progress_ns_ = clock_.now_ns();
    ++messages_;
    was_sending_ = true;
    state_ = State::sending;
    dialogue_.send(std::move(message));
    return flush(out);
}

MailSession::State MailSession::quit(MailConnection::Room& out) {
    GATEPOST_CHECK(state_ == State::ready);
    state_ = State::quitting;
    progress_ns_ = clock_.now_ns();
    dialogue_.quit();
    return flush(out);
}

bool MailSession::take_finished() {
    if (!was_sending_ || dialogue_.in_message()) return false;
    was_sending_ = false;
    return true;
}

}  // namespace gatepost::tools
