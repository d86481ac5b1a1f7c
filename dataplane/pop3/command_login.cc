// USER, PASS (RFC 1939 §7), AUTH (RFC 5034): the lines of the dialogue. What those of AUTH mean is
// dataplane/auth's.
#include "dataplane/auth/sasl_dialogue.h"
#include "dataplane/log/log.h"
#include "dataplane/pop3/pop3_limits.h"
#include "dataplane/pop3/pop3_session.h"
#include "dataplane/stream/line_reader.h"
#include "storage/directory/mail_entries.h"
#include "storage/password/base64.h"

namespace gatepost::dataplane {

namespace {

constexpr std::string_view kTlsFirst = "Only under TLS: STLS comes first";

}  // namespace

LoginClient Pop3Session::login_client() const {
    return {session_.client, "pop3", storage::kServicePop3};
}

Pop3Session::Next Pop3Session::user(std::string_view argument) {
    if (!may_log_in()) return refuse(kTlsFirst);
    if (argument.empty()) return bad("USER goes with a name");
    login_ = argument;
    // RFC 1939 §13: whether there is such a user is not said.
    return ok("Now the password");
}

Task<Pop3Session::Next> Pop3Session::pass(std::string_view argument) {
    if (!may_log_in()) {
        wipe(line_);  // it had a password in the clear
        co_return refuse(kTlsFirst);
    }
    if (login_.empty()) co_return bad("USER comes first");
    const LoginClient client = login_client();
    const LoginOutcome who =
        co_await environment_.login().check(client, SaslMechanism::plain, login_, argument);
    wipe(line_);
    login_.clear();
    co_return co_await logged_in(who, SaslFailure::wrong_credentials);
}

Task<Pop3Session::Next> Pop3Session::auth(std::string_view argument) {
    const auto mechanism = find_mechanism(take_pop3_word(argument));
    const bool has_initial = !argument.empty();
    std::optional<std::string> initial;
    if (has_initial) initial = decode_initial_response(argument);
    const WipedAtEnd wiped(initial);
    wipe(line_);
    if (!may_log_in()) co_return refuse(kTlsFirst);
    login_.clear();
    const LoginClient client = login_client();
    SaslDialogue dialogue(environment_.login(), client, stream_.tls());
    if (!mechanism || !dialogue.offers(*mechanism))
        co_return bad("That mechanism is not offered here");
    if (!dialogue.choose(*mechanism)) co_return unavailable("It cannot be checked now; try again");
    if (has_initial && !initial) co_return bad("That is no base64");
    bool goes_on = false;
    if (initial)
        goes_on = co_await dialogue.answer(*initial);
    else
        goes_on = co_await dialogue.begin();
    while (goes_on) {
        std::optional<std::string> answer;
        const Next next = co_await ask(dialogue.challenge(), answer);
        if (!answer && dialogue.has_refused())
            co_return co_await given_up(dialogue.outcome(), next);
        if (next == Next::end || !answer) co_return next;
        goes_on = co_await dialogue.answer(*answer);
    }
    co_return co_await logged_in(dialogue.outcome(), dialogue.failure());
}

Task<Pop3Session::Next> Pop3Session::ask(std::string_view challenge,
                                         std::optional<std::string>& answer) {
    Next next = say("+ " + storage::encode_base64(challenge) + "\r\n");
    if (next == Next::command) next = co_await push(0);
    if (next == Next::end) co_return next;
    const uint64_t end_ms = since_ms_ + options_.login_ms;
    const uint64_t now_ms = stream_.now_ms();
    stream_.expect_within(end_ms > now_ms ? end_ms - now_ms : 1);
    Line line;
    do {
        line = co_await read_line(stream_, kSaslTextMax, LineEnding::lf_too);
        // Woken to end: the client is told after this.
    } while (line.status == StreamStatus::woken);
    if (line.status == StreamStatus::timeout) co_return timed_out();
    if (line.status == StreamStatus::too_long) co_return long_line();
    if (line.status != StreamStatus::ok) co_return lost(line.status);
    const std::string_view text(reinterpret_cast<const char*>(line.text.data()), line.text.size());
    const bool cancelled = text == "*";
    if (!cancelled) answer = decode_sasl_text(text);
    stream_.consume(line.length);
    // RFC 5034 §4.
    if (cancelled) co_return bad("You have cancelled it");
    if (!answer) co_return bad("That is no base64");
    co_return Next::command;
}

Task<Pop3Session::Next> Pop3Session::logged_in(const LoginOutcome& outcome, SaslFailure failure) {
    using Status = LoginOutcome::Status;
    environment_.login().ended(login_client(), outcome);
    if (outcome.status == Status::unavailable)
        co_return unavailable("It cannot be checked now; try again");
    if (outcome.status == Status::wrong) {
        if (failure == SaslFailure::malformed) co_return bad("That is no answer of this mechanism");
        co_await note_failed_login(outcome, failure_text(failure));
        const Next next = refuse("[AUTH] The name or the password is wrong");  // RFC 3206 §4
        co_return end_if_guessing(next);
    }
    environment_.damping().succeeded(session_.client);
    const storage::MailboxOutcome opened = co_await open_inbox(outcome.account_id);
    // RFC 3206 §3: what a person has to see to, and what passes.
    if (opened == storage::MailboxOutcome::not_found)
        co_return refuse("[SYS/PERM] The account has no INBOX");
    if (opened != storage::MailboxOutcome::ok)
        co_return unavailable("The mailbox cannot be read now; try again");
    account_id_ = outcome.account_id;
    user_ = outcome.user;
    logged_in_s_ = environment_.now_us() / 1'000'000;
    environment_.mailboxes().add_watcher(*this, account_id_);
    environment_.login().watch(login_hold_, login_client(), outcome);
    storage::count(counters_.logins);
    storage::count(counters_.logged_in);
    if (log_enabled(LogLevel::info))
        log(LogLevel::info, "pop3.login",
            {{"session", session_text(session_.id)},
             {"client", session_.client.text()},
             {"user", user_},
             {"messages", maildrop_.size()}});
    co_return ok("You have logged in");
}

// The client was told that it is wrong, and has not acknowledged that. `next`: whether the session
// goes on behind what came instead.
Task<Pop3Session::Next> Pop3Session::given_up(const LoginOutcome& outcome, Next next) {
    environment_.login().ended(login_client(), outcome);
    co_await note_failed_login(outcome, failure_text(SaslFailure::wrong_credentials));
    co_return end_if_guessing(next);
}

Task<> Pop3Session::note_failed_login(const LoginOutcome& outcome, std::string_view why) {
    ++failed_logins_;
    storage::count(counters_.logins_failed);
    if (log_enabled(LogLevel::info))
        log(LogLevel::info, "pop3.login_failed",
            {{"session", session_text(session_.id)},
             {"client", session_.client.text()},
             {"user", outcome.user},
             {"reason", outcome.reason.empty() ? why : std::string_view(outcome.reason)}});
    const uint32_t pause_ms = environment_.damping().failed(session_.client);
    if (pause_ms != 0) co_await environment_.pause(pause_ms);
}

Pop3Session::Next Pop3Session::end_if_guessing(Next next) {
    if (next == Next::end || failed_logins_ < kPop3FailedLoginsMax) return next;
    session_.end = storage::StreamEnd::protocol;
    return Next::end;
}

}  // namespace gatepost::dataplane
