// USER, PASS (RFC 1939 §7), AUTH (RFC 5034): the lines of the dialogue. What those of AUTH mean is
// dataplane/auth's.
#include <string.h>

#include <algorithm>
#include <array>

#include "dataplane/log/log.h"
#include "dataplane/pop3/pop3_limits.h"
#include "dataplane/pop3/pop3_session.h"
#include "dataplane/stream/line_reader.h"
#include "storage/directory/mail_entries.h"
#include "storage/password/base64.h"

namespace gatepost::dataplane {

namespace {

// Passwords do not stay in memory for longer than they are used.
void wipe(std::string& text) {
    ::explicit_bzero(text.data(), text.size());
    text.clear();
}

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
    if (!may_log_in()) {
        wipe(line_);
        co_return refuse(kTlsFirst);
    }
    login_.clear();
    const auto mechanism = find_mechanism(take_pop3_word(argument));
    const std::vector<SaslMechanism> usable = mechanisms();
    if (!mechanism || std::ranges::find(usable, *mechanism) == usable.end())
        co_return bad("That mechanism is not offered here");
    std::array<uint8_t, 32> binding;
    SaslContext context{.decoy_key = &environment_.login().decoy_key()};
    context.plus_offered =
        std::ranges::find(usable, SaslMechanism::scram_sha_256_plus) != usable.end();
    if (context.plus_offered && stream_.tls()->export_channel_binding(binding))
        context.tls_exporter = binding;
    auto exchange = make_sasl_exchange(*mechanism, context);
    if (!exchange) co_return unavailable("It cannot be checked now; try again");
    SaslStep step;
    if (argument.empty()) {
        step = (*exchange)->begin();
    } else {
        auto initial = decode_initial_response(argument);
        wipe(line_);
        if (!initial) co_return bad("That is no base64");
        step = (*exchange)->step(*initial);
        wipe(*initial);
    }
    co_return co_await run_exchange(*mechanism, **exchange, std::move(step));
}

Task<Pop3Session::Next> Pop3Session::run_exchange(SaslMechanism mechanism, SaslExchange& exchange,
                                                  SaslStep step) {
    using Kind = SaslStep::Kind;
    LoginOutcome who;
    for (;;) {
        if (step.kind == Kind::success || step.kind == Kind::failure) {
            if (step.kind == Kind::failure && who.status == LoginOutcome::Status::right)
                who.status = LoginOutcome::Status::wrong;  // SCRAM: known, but not proven
            if (who.user.empty()) who.user = exchange.login();
            co_return co_await logged_in(who, step.failure);
        }
        if (step.kind != Kind::challenge) {
            step = co_await check_login(mechanism, exchange, step.kind, who);
            if (who.status == LoginOutcome::Status::unavailable)
                co_return co_await logged_in(who, SaslFailure::none);
            continue;
        }
        std::optional<std::string> answer;
        const Next next = co_await ask(step.challenge, answer);
        if (next == Next::end || !answer) co_return next;
        step = exchange.step(*answer);
        wipe(*answer);
    }
}

// Answers what an exchange asks of the directory.
Task<SaslStep> Pop3Session::check_login(SaslMechanism mechanism, SaslExchange& exchange,
                                        SaslStep::Kind what, LoginOutcome& who) {
    LoginPort& login = environment_.login();
    const LoginClient client = login_client();
    if (what == SaslStep::Kind::find_scram_keys) {
        std::optional<storage::ScramKeys> keys;
        who = co_await login.find_scram_keys(client, exchange.login(), keys);
        const bool found = who.status == LoginOutcome::Status::right && keys;
        co_return exchange.give_keys(found ? &*keys : nullptr);
    }
    who = co_await login.check(client, mechanism, exchange.login(), exchange.secret());
    co_return exchange.decide(who.status == LoginOutcome::Status::right);
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
        co_return co_await failed_login(outcome, failure_text(failure));
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

Task<Pop3Session::Next> Pop3Session::failed_login(const LoginOutcome& outcome,
                                                  std::string_view why) {
    storage::count(counters_.logins_failed);
    if (log_enabled(LogLevel::info))
        log(LogLevel::info, "pop3.login_failed",
            {{"session", session_text(session_.id)},
             {"client", session_.client.text()},
             {"user", outcome.user},
             {"reason", outcome.reason.empty() ? why : std::string_view(outcome.reason)}});
    const uint32_t pause_ms = environment_.damping().failed(session_.client);
    if (pause_ms != 0) co_await environment_.pause(pause_ms);
    const Next next = refuse("[AUTH] The name or the password is wrong");  // RFC 3206 §4
    if (++failed_logins_ < kPop3FailedLoginsMax) co_return next;
    session_.end = storage::StreamEnd::protocol;
    co_return Next::end;
}

}  // namespace gatepost::dataplane
