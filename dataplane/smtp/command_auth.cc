// AUTH (RFC 4954): the lines of the dialogue. What they mean is dataplane/auth's.
#include "dataplane/auth/sasl_dialogue.h"
#include "dataplane/log/log.h"
#include "dataplane/smtp/smtp_limits.h"
#include "dataplane/smtp/smtp_session.h"
#include "dataplane/stream/line_reader.h"
#include "storage/password/base64.h"

namespace gatepost::dataplane {

namespace {

// RFC 4954 §6: whether the name or the password is wrong is not said.
const SmtpReply kLoginFailed{535, "5.7.8", "the name or the password is wrong"};

}  // namespace

std::optional<SmtpReply> SmtpSession::auth_out_of_place() const {
    if (!options_.offers_auth()) return SmtpReply{502, "5.5.1", "nobody logs in here"};
    if (!client_.extended) return SmtpReply{503, "5.5.1", "EHLO comes first"};
    // RFC 4954 §4.
    if (client_.account_id != 0) return SmtpReply{503, "5.5.1", "you have logged in already"};
    if (transaction_.open)
        return SmtpReply{503, "5.5.1", "a message is under way already; RSET forgets it"};
    return std::nullopt;
}

Task<SmtpSession::Next> SmtpSession::auth(std::string_view argument) {
    const size_t space = argument.find(' ');
    const auto mechanism = find_mechanism(argument.substr(0, space));
    const bool has_initial = space != std::string_view::npos;
    std::optional<std::string> initial;
    if (has_initial) initial = decode_initial_response(argument.substr(space + 1));
    const WipedAtEnd wiped(initial);
    wipe(line_);
    if (auto reply = auth_out_of_place()) co_return bad(*std::move(reply));
    // RFC 4954 §6.
    if (options_.tls_required && !client_.tls)
        co_return refuse(
            {SmtpRefusal::tls_required, {538, "5.7.11", "only under TLS: STARTTLS comes first"}});
    const LoginClient asking = client_.login();
    SaslDialogue dialogue(environment_.login(), asking, stream_.tls());
    if (!mechanism || !dialogue.offers(*mechanism))
        co_return bad({504, "5.5.4", "that mechanism is not offered here"});
    if (has_initial && !initial) co_return bad({501, "5.5.2", "that is no base64"});
    const PolicyVerdict verdict = co_await environment_.policy().on_auth(client_);
    if (const MaybeRefusal refusal = refusal_of(verdict)) co_return refuse(*refusal);
    if (!dialogue.choose(*mechanism))
        co_return refuse({SmtpRefusal::login_unavailable,
                          {454, "4.7.0", "it cannot be checked now; try again"}});
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

// Without an answer the client gave none, and has been told so.
Task<SmtpSession::Next> SmtpSession::ask(const std::string& challenge,
                                         std::optional<std::string>& answer) {
    Next next = say_text("334 " + storage::encode_base64(challenge) + "\r\n");
    if (next == Next::command) next = co_await push();
    if (next == Next::end) co_return next;
    Line line;
    do {
        expect_within(options_.command_ms);
        line = co_await read_line(stream_, kAuthLineMax - 2);
        // Woken to end: the client is told after this.
    } while (line.status == StreamStatus::woken);
    if (line.status == StreamStatus::timeout) co_return timed_out(true);
    if (line.status == StreamStatus::too_long) {
        next = co_await skip_long_line(line.length);
        if (next == Next::end) co_return next;
        // RFC 4954 §4.
        co_return bad({500, "5.5.6", "the line is too long"}, SmtpRefusal::line_too_long);
    }
    if (line.status != StreamStatus::ok) co_return lost(line.status);
    const std::string_view text(reinterpret_cast<const char*>(line.text.data()), line.text.size());
    const bool cancelled = text == "*";
    if (!cancelled) answer = decode_sasl_text(text);
    stream_.consume(line.length);
    if (cancelled) co_return bad({501, "5.7.0", "you have cancelled it"});
    if (!answer) co_return bad({501, "5.5.2", "that is no base64"});
    co_return Next::command;
}

Task<SmtpSession::Next> SmtpSession::logged_in(const LoginOutcome& outcome, SaslFailure failure) {
    using Status = LoginOutcome::Status;
    environment_.login().ended(client_.login(), outcome);
    co_await environment_.policy().on_auth_end(client_, outcome);
    if (outcome.status == Status::right) {
        client_.account_id = outcome.account_id;
        client_.user = outcome.user;
        environment_.login().watch(login_hold_, client_.login(), outcome);
        storage::count(environment_.counters().logins);
        if (log_enabled(LogLevel::info))
            log(LogLevel::info, "smtp.login",
                {{"session", session_text(session_.id)},
                 {"client", session_.client.text()},
                 {"user", client_.user}});
        co_return say({235, "2.7.0", "you have logged in"});
    }
    if (failure == SaslFailure::malformed)
        co_return bad({501, "5.5.2", "that is no answer of this mechanism"});
    if (outcome.status == Status::unavailable)
        co_return refuse({SmtpRefusal::login_unavailable,
                          {454, "4.7.0", "it cannot be checked now; try again"},
                          outcome.reason});
    note_failed_login(outcome, failure);
    co_return end_if_guessing(say(kLoginFailed));
}

// The client was told that it is wrong, and has not acknowledged that. `next`: whether the session
// goes on behind what came instead.
Task<SmtpSession::Next> SmtpSession::given_up(const LoginOutcome& outcome, Next next) {
    environment_.login().ended(client_.login(), outcome);
    co_await environment_.policy().on_auth_end(client_, outcome);
    note_failed_login(outcome, SaslFailure::wrong_credentials);
    co_return end_if_guessing(next);
}

void SmtpSession::note_failed_login(const LoginOutcome& outcome, SaslFailure failure) {
    ++failed_logins_;
    client_.user = outcome.user;
    note({SmtpRefusal::login_failed, kLoginFailed,
          outcome.reason.empty() ? std::string(failure_text(failure)) : outcome.reason});
    client_.user.clear();
}

SmtpSession::Next SmtpSession::end_if_guessing(Next next) {
    if (next == Next::end || failed_logins_ < options_.failed_logins_max) return next;
    return part({SmtpRefusal::too_many_logins, {421, "4.7.0", "too many logins that failed"}},
                storage::StreamEnd::protocol);
}

}  // namespace gatepost::dataplane
