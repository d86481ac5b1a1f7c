// One session of a run: a connection and the dialogue on it, driven by events of its socket.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tools/load/engine/load_clock.h"
#include "tools/load/mail/mail_connection.h"
#include "tools/load/mail/smtp_dialogue.h"

namespace gatepost::tools {

// What all sessions of a run have in common; outlives them.
struct SessionPlan {
    MailTarget target;
    DialogueOptions dialogue;
    bool implicit_tls = false;  // RFC 8314 §3.3
    const TlsClientContext* tls = nullptr;
};

class MailSession {
  public:
    enum class State : uint8_t {
        closed,      // outcome() and failure() are of what was last
        connecting,  // no message may be sent yet
        ready,       // send() or quit()
        sending,     // a message is under way
        quitting,
    };

    MailSession(const SessionPlan& plan, LoadClock& clock)
        : plan_(plan), clock_(clock), dialogue_(plan.dialogue) {}
    MailSession(const MailSession&) = delete;
    MailSession& operator=(const MailSession&) = delete;

    State open(std::string_view user, std::string_view password);
    // Something can be read, or written, or is at its end. Both rooms are scratch memory.
    State advance(MailConnection::Room& in, MailConnection::Room& out);
    // `intended_ns`: when the message was to be sent.
    State send(OutgoingMessage&& message, uint64_t intended_ns, MailConnection::Room& out);
    State quit(MailConnection::Room& out);
    // For good, whatever is under way; `failure` is the reason where there is none yet.
    void give_up(SessionFailure failure, std::string reason);

    State state() const { return state_; }
    int socket() const { return connection_.socket(); }
    // A message was under way, and is no more: told once, by taking it.
    bool take_finished();
    const MessageOutcome& outcome() const { return dialogue_.outcome(); }
    SessionFailure failure() const { return failure_; }
    const std::string& reason() const { return reason_; }

    uint64_t opened_ns() const { return opened_ns_; }
    uint64_t progress_ns() const { return progress_ns_; }  // when something was last heard
    uint64_t intended_ns() const { return intended_ns_; }
    // When the last octets of the content were given to the kernel.
    uint64_t content_sent_ns() const { return content_sent_ns_; }
    uint64_t messages() const { return messages_; }  // of this connection

  private:
    State flush(MailConnection::Room& out);
    State take(SmtpDialogue::Step step);
    State read_replies(MailConnection::Room& in);
    State shake();
    State connect_further();
    State after_broken_pipe(MailConnection::Room& room);
    State end(SessionFailure failure, std::string reason);

    const SessionPlan& plan_;
    LoadClock& clock_;
    MailConnection connection_;
    SmtpDialogue dialogue_;
    ReplyReader reader_;
    SmtpReply reply_;
    State state_ = State::closed;
    enum class Phase : uint8_t { connecting, shaking, talking };
    Phase phase_ = Phase::connecting;
    bool ready_behind_ = false;  // the dialogue is ready, its output is not sent yet
    bool was_sending_ = false;   // a message whose end was not taken yet
    SessionFailure failure_ = SessionFailure::none;
    std::string reason_;
    uint64_t opened_ns_ = 0;
    uint64_t progress_ns_ = 0;
    uint64_t intended_ns_ = 0;
    uint64_t content_sent_ns_ = 0;
    uint64_t messages_ = 0;
};

}  // namespace gatepost::tools
