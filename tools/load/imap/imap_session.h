// One connection of a run: it is opened as far as its plan says, then commands are sent on it, any
// number at a time. Driven by events of its socket; what it hears goes to a listener.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "dataplane/imap_syntax/response_line.h"
#include "tools/load/engine/load_clock.h"
#include "tools/load/imap/imap_command.h"
#include "tools/load/imap/imap_facts.h"
#include "tools/load/imap/imap_scanner.h"
#include "tools/load/mail/mail_connection.h"

namespace gatepost::tools {

// Why a connection came to nothing.
enum class ImapFailure : uint8_t {
    none,
    connect,   // no connection
    tls,       // no handshake, or STARTTLS was refused
    greeting,  // no greeting, or BYE
    login,     // LOGIN was refused
    select,    // SELECT, the first FETCH or IDLE was refused
    lost,      // the connection ended where it should not
    timeout,   // no response
    protocol,  // no IMAP, or a tag that nobody sent
};
inline constexpr size_t kImapFailures = 9;

// What all connections of a run have in common; outlives them.
struct ImapPlan {
    MailTarget target;
    std::string password;
    std::string mailbox = "INBOX";
    bool implicit_tls = false;  // RFC 8314 §3.2
    bool starttls = false;
    const TlsClientContext* tls = nullptr;
};

// How far a connection is opened before it is ready.
struct ImapOpening {
    bool select = false;
    bool learn = false;  // UID FETCH 1:* (FLAGS), whose responses go to the listener
    bool idle = false;
};

class ImapSession;

class ImapListener {
  public:
    // A command has its tagged response; `text` begins with the status.
    virtual void on_finished(ImapSession& session, const ImapCommand& command,
                             dataplane::ResponseStatus status, std::string_view text) = 0;
    virtual void on_untagged(ImapSession& session, std::string_view text) = 0;

  protected:
    ~ImapListener() = default;
};

class ImapSession {
  public:
    enum class State : uint8_t { closed, opening, ready, leaving };

    // `number`: by which the listener knows it.
    ImapSession(uint32_t number, const ImapPlan& plan, ImapListener& listener, LoadClock& clock)
        : number_(number), plan_(plan), listener_(listener), clock_(clock) {}
    ImapSession(const ImapSession&) = delete;
    ImapSession& operator=(const ImapSession&) = delete;

    State open(std::string_view user, const ImapOpening& opening);
    // Something can be read, or written, or is at its end. Both rooms are scratch memory.
    State advance(MailConnection::Room& in, MailConnection::Room& out);

    // On a ready one; nothing is sent before flush(). An append has its message besides.
    void send(ImapCommand command);
    void send_append(ImapCommand command, std::string_view head, Bytes body);
    // LOGOUT; the connection ends by itself.
    void leave();
    State flush(MailConnection::Room& out);
    // For good, whatever is under way; what was can be seen in under_way() until it is opened.
    void end(ImapFailure failure, std::string reason);

    uint32_t number() const { return number_; }
    State state() const { return state_; }
    int socket() const { return connection_.socket(); }
    ImapFailure failure() const { return failure_; }
    const std::string& reason() const { return reason_; }
    const std::deque<ImapCommand>& under_way() const { return under_way_; }
    uint32_t exists() const { return exists_; }  // messages, as the server told last
    uint64_t opened_ns() const { return opened_ns_; }
    uint64_t progress_ns() const { return progress_ns_; }  // when something was last heard
    uint64_t octets() const { return octets_; }            // received, until taken
    uint64_t take_octets() { return std::exchange(octets_, 0); }

  private:
    enum class Phase : uint8_t { connecting, shaking, talking };
    enum class Step : uint8_t { greeting, starttls, login, select, learn, idle, none };

    State shake();
    State connect_further();
    State read_responses(MailConnection::Room& in);
    State take(const ImapResponse& response);
    State take_greeting(const ImapResponse& response);
    State take_tagged(const ImapResponse& response);
    State opened_further(dataplane::ResponseStatus status, std::string_view text);
    void begin_step(Step step);
    Step step_behind(Step step) const;
    State stop(ImapFailure failure, std::string reason);
    void begin_command();

    const uint32_t number_;
    const ImapPlan& plan_;
    ImapListener& listener_;
    LoadClock& clock_;
    MailConnection connection_;
    ImapScanner scanner_;
    SmtpOutput output_;
    std::deque<ImapCommand> under_way_;
    std::string user_;
    ImapOpening opening_;
    State state_ = State::closed;
    Phase phase_ = Phase::connecting;
    Step step_ = Step::none;
    bool secured_ = false;  // by STARTTLS
    ImapFailure failure_ = ImapFailure::none;
    std::string reason_;
    uint32_t tag_ = 0;  // the last one
    uint32_t exists_ = 0;
    uint64_t opened_ns_ = 0;
    uint64_t progress_ns_ = 0;
    uint64_t octets_ = 0;
};

}  // namespace gatepost::tools
