// One connection of SMTP or LMTP: RFC 5321 with its extensions, RFC 2033. What a command does is in
// the file named after it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/smtp/command.h"
#include "dataplane/smtp/reply.h"
#include "dataplane/smtp/smtp_environment.h"
#include "dataplane/smtp/smtp_transaction.h"

namespace gatepost::dataplane {

class SmtpSession {
  public:
    // All three outlive the session.
    SmtpSession(Session& session, SmtpEnvironment& environment, const SmtpOptions& options);
    Task<> run();

  private:
    enum class Next : uint8_t { command, end };

    struct Refusal {
        SmtpRefusal reason;
        SmtpReply reply;
        std::string rule = {};  // "": the reason's name
        std::string to = {};    // the recipient, where it is about one
    };
    using MaybeRefusal = std::optional<Refusal>;

    // ---- smtp_session.cc
    Task<Next> greet();
    Task<Next> read_command();
    Task<Next> skip_long_line(size_t length);
    Task<Next> execute();
    Task<Next> dispatch(const SmtpCommand& command);
    void reset_transaction();
    // What the client logged in with is good no more.
    void end_login();
    Next part_for_login();
    bool on_rule(SmtpRefusal rule) { return environment_.policy().on_rule(client_, rule); }

    // ---- smtp_output.cc
    // Says it; `end` when there is no memory for it, or it ends the session (421, 521).
    Next say(const SmtpReply& reply);
    Next say_text(const std::string& octets);
    void note(const Refusal& refusal);
    Next refuse(const Refusal& refusal);
    // A command that is none, or out of place: after some of them the session ends.
    Next bad(SmtpReply reply, SmtpRefusal reason = SmtpRefusal::bad_command);
    Next idle_command(const SmtpReply& reply);
    // Refuses, and ends the session whatever the reply's code is.
    Next part(const Refusal& refusal, storage::StreamEnd end);
    Next lost(StreamStatus status);
    MaybeRefusal refusal_of(const PolicyVerdict& verdict, std::string_view to = {}) const;
    // Sends what was said.
    Task<Next> push();
    // The next wait ends after so long, and with the session's time.
    void expect_within(uint64_t ms);
    Next timed_out(bool in_the_middle);
    std::string tls_text() const;

    // ---- the commands
    Task<Next> helo(SmtpVerb verb, std::string_view argument);
    Next greet_extended();
    Task<Next> mail(std::string_view argument);
    std::optional<SmtpReply> mail_out_of_place() const;
    MaybeRefusal mail_not_allowed() const;
    static Refusal store_refusal(StoreStatus status);
    MaybeRefusal read_sender(std::string_view argument);
    MaybeRefusal check_sender(const storage::MailAddress& address);
    Task<Next> rcpt(std::string_view argument);
    MaybeRefusal rcpt_not_allowed(std::string_view given) const;
    MaybeRefusal resolve(const storage::MailAddress& address, std::string_view given,
                         std::vector<MailTarget>& targets);
    Next refuse_recipient(const Refusal& refusal);
    std::optional<SmtpReply> content_out_of_place() const;
    Task<Next> data(std::string_view argument);
    Task<Next> bdat(std::string_view argument);
    Task<Next> bad_chunk(uint64_t octets, SmtpReply reply);
    Task<Next> read_chunk(uint64_t octets, MessageIntake* intake);
    Task<Next> auth(std::string_view argument);
    std::optional<SmtpReply> auth_out_of_place() const;
    Task<Next> ask(const std::string& challenge, std::optional<std::string>& answer);
    Task<Next> logged_in(const LoginOutcome& outcome, SaslFailure failure);
    Task<Next> given_up(const LoginOutcome& outcome, Next next);
    void note_failed_login(const LoginOutcome& outcome, SaslFailure failure);
    Next end_if_guessing(Next next);
    Task<Next> starttls(std::string_view argument);
    Next rset(std::string_view argument);
    Next vrfy(std::string_view argument);
    Next help();
    Next quit(std::string_view argument);

    // ---- message_end.cc
    // For more of a message's content.
    Task<Next> fill_content();
    uint64_t content_octets_max() const { return options_.message_octets_max * 2; }
    Task<Next> end_message(MessageIntake& intake);
    MaybeRefusal intake_refusal(const MessageIntake& intake) const;
    Task<MaybeRefusal> judge(MessageIntake& intake, bool& filtered);
    Task<MaybeRefusal> commit(MessageIntake& intake, bool filtered);
    void note_accepted(uint64_t octets);
    void note_discarded();
    // Into which folders the filter has them go.
    void file_recipients(const FilterVerdict& verdict);
    // One reply, or with LMTP one for each recipient (RFC 2033 §4.2).
    Next say_for_message(const SmtpReply& reply);

    Session& session_;
    Stream& stream_;
    SmtpEnvironment& environment_;
    const SmtpOptions& options_;
    SmtpClient client_;
    SmtpTransaction transaction_;
    std::string line_;          // the command under way
    bool turned_away_ = false;  // by the greeting: only QUIT is left
    uint64_t since_ms_;
    uint32_t bad_commands_ = 0;
    uint32_t idle_commands_ = 0;  // since the last message
    uint32_t messages_ = 0;       // begun
    uint32_t refused_recipients_ = 0;
    uint32_t failed_logins_ = 0;
    bool login_ended_ = false;
    LoginHold login_hold_{[this] { end_login(); }};
};

}  // namespace gatepost::dataplane
