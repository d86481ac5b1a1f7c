// LOGIN, AUTHENTICATE (RFC 9051 §6.2), UNAUTHENTICATE (RFC 8437).
#include "dataplane/auth/sasl_dialogue.h"
#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/log/log.h"
#include "dataplane/stream/line_reader.h"
#include "storage/directory/mail_entries.h"
#include "storage/password/base64.h"

namespace gatepost::dataplane {

namespace {

using Kind = ImapReply::Kind;

const ImapReply kTlsFirst{Kind::no, "PRIVACYREQUIRED", "Only under TLS: STARTTLS comes first"};

}  // namespace

LoginClient ImapSession::login_client() const {
    return {session_.client, "imap", storage::kServiceImap};
}

Task<ImapReply> ImapSession::login(ImapCommand& command) {
    const WipedAtEnd wiped(command.other);
    if (!may_log_in()) co_return kTlsFirst;
    const LoginClient client = login_client();
    const LoginOutcome who = co_await environment_.login().check(client, SaslMechanism::plain,
                                                                 command.name, command.other);
    wipe(command.other);
    co_return co_await logged_in(who, SaslFailure::wrong_credentials);
}

Task<ImapReply> ImapSession::authenticate(ImapCommand& command) {
    const WipedAtEnd wiped(command.other);
    const LoginClient client = login_client();
    SaslDialogue dialogue(environment_.login(), client, stream_.tls());
    const auto mechanism = find_mechanism(command.name);
    if (!mechanism || !dialogue.offers(*mechanism))
        co_return ImapReply{Kind::no, "CANNOT", "That mechanism is not offered here"};
    if (!may_log_in()) co_return kTlsFirst;
    if (!dialogue.choose(*mechanism))
        co_return ImapReply{Kind::no, "UNAVAILABLE", "It cannot be checked now"};
    bool goes_on = false;
    if (command.has_other)  // RFC 4959: decoded by the parser
        goes_on = co_await dialogue.answer(command.other);
    else
        goes_on = co_await dialogue.begin();
    while (goes_on) {
        ImapReply reply;
        auto answer = co_await ask(dialogue.challenge(), reply);
        if (!answer) {
            // The client is told why it is over, or is gone: it is a login that failed all the
            // same.
            if (dialogue.has_refused())
                (void)co_await logged_in(dialogue.outcome(), dialogue.failure());
            co_return reply;
        }
        goes_on = co_await dialogue.answer(*answer);
    }
    co_return co_await logged_in(dialogue.outcome(), dialogue.failure());
}

// Without an answer `reply` says why, or the session is over.
Task<std::optional<std::string>> ImapSession::ask(std::string_view challenge, ImapReply& reply) {
    std::optional<std::string> answer;
    if (!say("+ " + storage::encode_base64(challenge) + "\r\n")) co_return answer;
    const bool pushed = co_await push(kImapUnsentMax);
    if (!pushed) co_return answer;
    const uint64_t deadline_ms = command_deadline_ms();
    const uint64_t now_ms = stream_.now_ms();
    stream_.expect_within(deadline_ms > now_ms ? deadline_ms - now_ms : 1);
    Line line;
    do {
        line = co_await read_line(stream_.plain(), kSaslTextMax);
        // Woken to end: the client is told after this.
    } while (line.status == StreamStatus::woken);
    if (line.status == StreamStatus::too_long) {
        part("[TOOBIG] That line is too long", storage::StreamEnd::protocol);
        co_return answer;
    }
    if (line.status == StreamStatus::timeout) {
        timed_out();
        co_return answer;
    }
    if (line.status != StreamStatus::ok) {
        lost(line.status);
        co_return answer;
    }
    const std::string_view text(reinterpret_cast<const char*>(line.text.data()), line.text.size());
    const bool cancelled = text == "*";
    if (!cancelled) answer = decode_sasl_text(text);
    stream_.consume(line.length);
    // RFC 9051 §6.2.2.
    if (cancelled) reply = {Kind::bad, "", "You have cancelled it"};
    if (!cancelled && !answer) reply = {Kind::bad, "", "That is no base64"};
    co_return answer;
}

Task<ImapReply> ImapSession::logged_in(const LoginOutcome& outcome, SaslFailure failure) {
    using Status = LoginOutcome::Status;
    environment_.login().ended(login_client(), outcome);
    if (outcome.status == Status::unavailable) {
        storage::count(counters_.unavailable);
        co_return ImapReply{Kind::no, "UNAVAILABLE", "It cannot be checked now; try again"};
    }
    if (outcome.status == Status::wrong) {
        if (failure == SaslFailure::malformed)
            co_return ImapReply{Kind::bad, "", "That is no answer of this mechanism"};
        co_return co_await failed_login(outcome, failure_text(failure));
    }
    environment_.damping().succeeded(session_.client);
    account_id_ = outcome.account_id;
    user_ = outcome.user;
    logged_in_s_ = environment_.now_us() / 1'000'000;
    text_ = CommandText(kTextLimitsLoggedIn);
    environment_.mailboxes().add_watcher(*this, account_id_);
    environment_.login().watch(login_hold_, login_client(), outcome);
    storage::count(counters_.logins);
    storage::count(counters_.logged_in);
    if (log_enabled(LogLevel::info))
        log(LogLevel::info, "imap.login",
            {{"session", session_text(session_.id)},
             {"client", session_.client.text()},
             {"user", user_}});
    co_return ImapReply{Kind::ok, capabilities(), "You have logged in"};
}

Task<ImapReply> ImapSession::failed_login(const LoginOutcome& outcome, std::string_view why) {
    storage::count(counters_.logins_failed);
    if (log_enabled(LogLevel::info))
        log(LogLevel::info, "imap.login_failed",
            {{"session", session_text(session_.id)},
             {"client", session_.client.text()},
             {"user", outcome.user},
             {"reason", outcome.reason.empty() ? why : std::string_view(outcome.reason)}});
    const uint32_t pause_ms = environment_.damping().failed(session_.client);
    if (pause_ms != 0) co_await environment_.pause(pause_ms);
    // RFC 5530 §3: whether the name or the password is wrong is not said.
    ImapReply reply{Kind::no, "AUTHENTICATIONFAILED", "The name or the password is wrong"};
    ++failed_logins_;
    co_return reply;
}

// RFC 8437: the connection is as it was before the login, but for TLS.
ImapReply ImapSession::unauthenticate() {
    forget_login();
    return {Kind::ok, "", "You are nobody again"};
}

void ImapSession::forget_login() {
    if (account_id_ == 0) return;
    end_notify();
    unselect();
    environment_.mailboxes().remove_watcher(*this);
    login_hold_.release();
    counters_.logged_in.store(counters_.logged_in.load(std::memory_order_relaxed) - 1,
                              std::memory_order_relaxed);
    account_id_ = 0;
    user_.clear();
    condstore_ = qresync_ = utf8_ = rev2_ = uid_only_ = false;
    since_ms_ = stream_.now_ms();
    text_ = CommandText(kTextLimitsBeforeLogin);
}

}  // namespace gatepost::dataplane
