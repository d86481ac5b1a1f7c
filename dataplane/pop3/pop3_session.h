// One connection of POP3: RFC 1939 with the extensions that CAPA names. What a command does is in
// the file named after it.
//
// The mailbox is the account's INBOX, which others may read and change meanwhile: there is no lock
// (RFC 1939 §4 asks for one only where the numbers would change otherwise).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/imap_port/imap_environment.h"
#include "dataplane/pop3/maildrop.h"
#include "dataplane/pop3/pop3_command.h"
#include "dataplane/pop3/pop3_options.h"

namespace gatepost::dataplane {

class Pop3Session final : private MailboxWatcher {
  public:
    // All three outlive the session.
    Pop3Session(Session& session, ImapEnvironment& environment, const Pop3Options& options);
    ~Pop3Session();
    Pop3Session(const Pop3Session&) = delete;
    Pop3Session& operator=(const Pop3Session&) = delete;
    Task<> run();

  private:
    enum class Next : uint8_t { command, end };

    // ---- pop3_session.cc
    Task<Next> execute();
    std::optional<std::string_view> out_of_place(Pop3Verb verb) const;
    Task<Next> dispatch(const Pop3Command& command);
    bool is_logged_in() const { return account_id_ != 0; }

    // ---- pop3_input.cc
    // Puts the next command into line_.
    Task<Next> read_command();
    Next long_line();
    std::optional<Next> end_if_told_to();
    Next timed_out();

    // ---- pop3_output.cc: each gives `end` where the session is over
    Next say(std::string_view octets);
    // "+OK text", "-ERR text"
    Next ok(std::string_view text);
    Next refuse(std::string_view text);
    // A command that is none, or out of place: after some of them the session ends.
    Next bad(std::string_view text);
    // It cannot be done now.
    Next unavailable(std::string_view text);
    // Refuses, and ends the session.
    Next part(std::string_view text, storage::StreamEnd end);
    Next lost(StreamStatus status);
    // What the client logged in with is good no more.
    void end_login();
    // Sends what was said, until no more than so much is left.
    Task<Next> push(size_t unsent_max);
    // A part of a long answer: says it, and waits where the client does not read.
    Task<Next> say_piece(std::string& piece);

    // ---- command_capa.cc
    bool may_log_in() const { return tls_ || !options_.tls_required; }
    Next capa();

    // ---- command_login.cc
    Next user(std::string_view argument);
    Task<Next> pass(std::string_view argument);
    Task<Next> auth(std::string_view argument);
    // Without an answer the client gave none, and has been told so.
    Task<Next> ask(std::string_view challenge, std::optional<std::string>& answer);
    Task<Next> logged_in(const LoginOutcome& outcome, SaslFailure failure);
    Task<Next> given_up(const LoginOutcome& outcome, Next next);
    Task<> note_failed_login(const LoginOutcome& outcome, std::string_view why);
    Next end_if_guessing(Next next);
    LoginClient login_client() const;

    // ---- command_stls.cc
    Task<Next> stls();

    // ---- open_inbox.cc
    // Sees that INBOX is in the index, and takes its state. `ok`, or why not.
    Task<storage::MailboxOutcome> open_inbox(uint64_t account_id);
    // The mailbox as it is now; nullopt: not in the index.
    std::optional<storage::MailboxView> view(uint64_t mailbox_id) const;
    // Sees that it is in the index. False: it is not there now. Else `mailbox` is what it is now,
    // good until the next wait; a second look may not find it any more.
    Task<bool> open_maildrop(std::optional<storage::MailboxView>& mailbox);

    // ---- command_list.cc
    std::optional<uint32_t> find_message(std::string_view argument) const;
    Next stat();
    Task<Next> list(Pop3Verb verb, std::string_view argument);
    std::string listing(Pop3Verb verb, uint32_t number) const;
    Next dele(std::string_view argument);
    Next rset();

    // ---- command_retr.cc
    Task<Next> retr(std::string_view argument);
    Task<Next> top(std::string_view argument);
    Task<Next> send_message(uint32_t number, uint64_t body_lines);
    Task<Next> send_body(uint32_t uid, const storage::BodyLocation& body, uint64_t body_lines);

    // ---- command_quit.cc
    Task<Next> quit();
    Task<storage::MailboxOutcome> delete_marked();
    Task<> flag_read();

    // ---- MailboxWatcher: pop3_session.cc
    void on_mailbox_changed(uint64_t) override {}
    void on_account_changed() override {}
    void on_disconnect(const std::string& reason) override;
    void describe(storage::SessionNote& note) const override;

    Session& session_;
    Stream& stream_;
    ImapEnvironment& environment_;
    const Pop3Options& options_;
    ImapCounters& counters_;
    std::string line_;   // the command under way
    std::string login_;  // of USER, until PASS
    std::string user_;   // who has logged in: the address
    std::string disconnect_reason_;
    Maildrop maildrop_;
    uint64_t account_id_ = 0;  // 0: nobody has logged in
    uint64_t since_ms_;
    int64_t logged_in_s_ = 0;  // seconds since 1970
    uint32_t bad_commands_ = 0;
    uint32_t failed_logins_ = 0;
    bool tls_;
    bool utf8_ = false;   // RFC 6856
    bool waits_ = false;  // for a command
    bool disconnected_ = false;
    bool cut_off_ = false;  // what is being said is not said to its end
    LoginHold login_hold_{[this] { end_login(); }};
};

}  // namespace gatepost::dataplane
