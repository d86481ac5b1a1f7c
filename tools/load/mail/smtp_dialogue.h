// The client's part of a connection in SMTP (RFC 5321) or LMTP (RFC 2033), without the connection:
// replies go in, octets to be sent come out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "tools/load/mail/message_outcome.h"
#include "tools/load/mail/smtp_reply.h"

namespace gatepost::tools {

// What is to be sent, in this order. The body belongs to whoever made the message.
struct SmtpOutput {
    std::string head;
    Bytes body;
    std::string tail;

    size_t size() const { return head.size() + body.size() + tail.size(); }
    void clear() { *this = SmtpOutput(); }
};

struct OutgoingMessage {
    uint64_t number = 0;
    std::string sender;
    std::vector<std::string_view> recipients;  // at least one
    std::string head;                          // of the content, which ends with CRLF
    Bytes body;
};

struct DialogueOptions {
    bool lmtp = false;
    bool pipelining = false;  // RFC 2920
    bool chunking = false;    // RFC 3030: BDAT instead of DATA
    bool starttls = false;    // RFC 3207
    std::string hello = "load.example.test";
};

// Why a session came to nothing.
enum class SessionFailure : uint8_t {
    none,
    connect,     // no connection
    tls,         // no handshake
    greeting,    // the greeting or the answer to EHLO was not the right one
    extension,   // one that was asked for is not offered
    login,       // AUTH was refused
    lost,        // the connection ended where it should not
    timeout,     // no reply
    protocol,    // a reply that is none, or that is not called for
    turned_away  // 421
};
inline constexpr size_t kSessionFailures = 10;

class SmtpDialogue {
  public:
    enum class Step : uint8_t {
        replies,    // wait for more
        start_tls,  // shake hands, then tls_started()
        ready,      // send() or quit(); of a message before, the outcome is known
        over,       // close; failure() says whether that is as it should be
    };

    // `options` outlives the dialogue.
    explicit SmtpDialogue(const DialogueOptions& options) : options_(options) {}

    // A new connection; waits for the greeting. `user`: logs in where it is not empty.
    void begin(std::string_view user, std::string_view password);
    Step on_reply(const SmtpReply& reply);
    Step tls_started();
    // Only after `ready`, and when all output has been sent.
    void send(OutgoingMessage&& message);
    void quit();
    // The connection is gone, or is given up: what is pending of a message gets its fate.
    void lost();

    SmtpOutput& output() { return output_; }
    bool in_message() const { return in_message_; }
    // All of the content is in the output, or was.
    bool content_begun() const { return content_begun_; }
    // Of the last message; complete when in_message() has become false.
    const MessageOutcome& outcome() const { return outcome_; }
    SessionFailure failure() const { return failure_; }
    // What the server said to that, for people.
    const std::string& reason() const { return reason_; }

  private:
    enum class State : uint8_t {
        greeting,
        hello,
        starttls,
        login,
        idle,
        commands,  // MAIL to the reply to DATA or BDAT
        content,   // the final reply, or replies
        reset,
        quitting,
        over,
    };

    Step refuse(SessionFailure failure, const SmtpReply& reply);
    void read_extensions(const std::string& text);
    void say_hello();
    Step after_hello();
    Step become_ready();
    void command(std::string_view text);
    size_t commands() const { return message_.recipients.size() + 2; }
    void write_command(size_t index);
    void write_content();
    void reject(RecipientOutcome& recipient, SmtpStage stage, unsigned code) const;
    void reject_pending(SmtpStage stage, unsigned code);
    size_t taken() const;
    Step on_command_reply(const SmtpReply& reply);
    Step on_last_command(const SmtpReply& reply);
    Step on_final_reply(const SmtpReply& reply);
    Step reset_transaction();

    const DialogueOptions& options_;
    State state_ = State::over;
    std::string user_;
    std::string password_;
    bool secured_ = false;
    bool offers_pipelining_ = false;
    bool offers_chunking_ = false;
    bool offers_starttls_ = false;
    bool offers_size_ = false;
    SmtpOutput output_;
    SessionFailure failure_ = SessionFailure::none;
    std::string reason_;

    OutgoingMessage message_;
    MessageOutcome outcome_;
    bool in_message_ = false;
    bool content_begun_ = false;
    bool mail_accepted_ = false;
    size_t written_ = 0;          // commands of the message
    size_t answered_ = 0;         // replies to them
    size_t finals_ = 0;           // final replies that are still to come
    size_t final_recipient_ = 0;  // LMTP: whose is next
};

}  // namespace gatepost::tools
