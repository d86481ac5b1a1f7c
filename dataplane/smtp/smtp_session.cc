#include "dataplane/smtp/smtp_session.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <cstring>

#include "dataplane/smtp/smtp_limits.h"
#include "dataplane/stream/line_reader.h"

namespace gatepost::dataplane {

namespace {

using storage::StreamEnd;

constexpr size_t kKeptLineMax = 1024;  // octets of memory that a session keeps for the next command
constexpr uint32_t kCrowdedFactor = 10;

bool has_line(Bytes input) {
    return !input.empty() && std::memchr(input.data(), '\n', input.size()) != nullptr;
}

}  // namespace

SmtpSession::SmtpSession(Session& session, SmtpEnvironment& environment, const SmtpOptions& options)
    : session_(session),
      stream_(session.stream),
      environment_(environment),
      options_(options),
      client_{.address = session.client,
              .session_id = session.id,
              .role = options.role,
              .tls = session.stream.tls() != nullptr},
      since_ms_(session.stream.now_ms()) {}

Task<> SmtpSession::run() {
    storage::count(environment_.counters().sessions[static_cast<size_t>(options_.role)]);
    Next next = co_await greet();
    while (next == Next::command) {
        next = co_await read_command();
        if (next == Next::command) next = co_await execute();
    }
    if (transaction_.chunks != nullptr) storage::count(environment_.counters().broken_off);
}

// RFC 5321 §3.1, §4.3.1.
Task<SmtpSession::Next> SmtpSession::greet() {
    const PolicyVerdict verdict = co_await environment_.policy().on_connect(client_);
    MaybeRefusal refusal = refusal_of(verdict);
    const uint32_t greeting_ms =
        std::max(options_.greeting_ms, environment_.policy().greeting_ms(client_));
    if (!refusal && greeting_ms != 0) {
        stream_.expect_within(greeting_ms);
        const StreamStatus status = co_await stream_.fill();
        if (status == StreamStatus::ok && on_rule(SmtpRefusal::early_talker))
            refusal = {SmtpRefusal::early_talker,
                       {554, "5.5.0", "the server speaks first; you did not wait for it"}};
        const bool silent = status == StreamStatus::timeout || status == StreamStatus::woken;
        if (!silent && status != StreamStatus::ok) co_return lost(status);
    }
    if (!refusal)
        co_return say({220, "",
                       fmt::format("{} {} ready", options_.server_name,
                                   options_.role == SmtpRole::lmtp ? "LMTP" : "ESMTP")});
    note(*refusal);
    // RFC 2034 §4: no enhanced code in a greeting.
    refusal->reply.enhanced.clear();
    turned_away_ = true;
    co_return say(refusal->reply);
}

Task<SmtpSession::Next> SmtpSession::read_command() {
    if (line_.capacity() > kKeptLineMax) line_ = {};
    for (;;) {
        if (session_.draining)
            co_return part(
                {SmtpRefusal::draining, {421, "4.3.2", "the service stops here; try again"}},
                StreamEnd::drained);
        if (login_ended_) co_return part_for_login();
        if (!has_line(stream_.input()) || stream_.unsent() > kUnsentRepliesMax) {
            const Next next = co_await push();
            if (next == Next::end) co_return next;
        }
        const bool crowded = session_.crowded;
        expect_within(turned_away_ ? kRefusedMs
                                   : options_.command_ms / (crowded ? kCrowdedFactor : 1));
        const Line line = co_await read_line(stream_, kAuthLineMax - 2);
        if (line.status == StreamStatus::woken) continue;
        if (line.status == StreamStatus::timeout) co_return timed_out(!stream_.input().empty());
        if (line.status == StreamStatus::too_long) co_return co_await skip_long_line(line.length);
        if (line.status != StreamStatus::ok) co_return lost(line.status);
        line_.assign(reinterpret_cast<const char*>(line.text.data()), line.text.size());
        stream_.consume(line.length);
        co_return Next::command;
    }
}

// A line that is longer than any command. `length`: octets to its end, 0: it has not come yet. What
// execute() finds afterwards is an empty line_.
Task<SmtpSession::Next> SmtpSession::skip_long_line(size_t length) {
    uint64_t skipped = length;
    stream_.consume(length);
    for (bool found = length != 0; !found;) {
        const Bytes input = stream_.input();
        const auto* at =
            static_cast<const uint8_t*>(::memmem(input.data(), input.size(), "\r\n", 2));
        found = at != nullptr;
        size_t octets = input.size();
        if (found)
            octets = static_cast<size_t>(at - input.data()) + 2;
        else if (!input.empty() && input.back() == '\r')
            --octets;
        stream_.consume(octets);
        skipped += octets;
        if (skipped > kSkippedLineMax)
            co_return part({SmtpRefusal::line_too_long, {421, "4.7.0", "that line has no end"}},
                           StreamEnd::protocol);
        if (found) break;
        const StreamStatus status = co_await stream_.fill();
        if (status == StreamStatus::timeout) co_return timed_out(true);
        if (status != StreamStatus::ok && status != StreamStatus::woken) co_return lost(status);
    }
    line_.assign(kAuthLineMax, ' ');
    co_return Next::command;
}

Task<SmtpSession::Next> SmtpSession::execute() {
    const SmtpCommand command = parse_smtp_command(line_);
    if (turned_away_ && command.verb != SmtpVerb::quit)
        co_return bad({503, "5.5.0", "no mail is taken from you here; only QUIT is left"});
    // RFC 5321 §4.5.3.1.9.
    if (line_.size() + 2 > smtp_command_max(command.verb))
        co_return bad(
            {500, command.verb == SmtpVerb::auth ? "5.5.6" : "5.5.2", "the line is too long"},
            SmtpRefusal::line_too_long);
    if (has_control_character(line_))
        co_return bad({500, "5.5.2", "a command has no control characters, and ends with CR LF"});
    // Coroutines that call each other are kept flat: there is one level for all commands.
    co_return co_await dispatch(command);
}

Task<SmtpSession::Next> SmtpSession::dispatch(const SmtpCommand& command) {
    const std::string_view argument = command.argument;
    switch (command.verb) {
        case SmtpVerb::helo:
        case SmtpVerb::ehlo:
        case SmtpVerb::lhlo:
            co_return co_await helo(command.verb, argument);
        case SmtpVerb::mail:
            co_return co_await mail(argument);
        case SmtpVerb::rcpt:
            co_return co_await rcpt(argument);
        case SmtpVerb::data:
            co_return co_await data(argument);
        case SmtpVerb::bdat:
            co_return co_await bdat(argument);
        case SmtpVerb::auth:
            co_return co_await auth(argument);
        case SmtpVerb::starttls:
            co_return co_await starttls(argument);
        case SmtpVerb::rset:
            co_return rset(argument);
        case SmtpVerb::vrfy:
            co_return vrfy(argument);
        case SmtpVerb::noop:
            co_return idle_command({250, "2.0.0", "ok"});
        case SmtpVerb::help:
            co_return help();
        case SmtpVerb::quit:
            co_return quit(argument);
        case SmtpVerb::expn:
            // RFC 5321 §7.3: a list's members are not for everybody.
            co_return bad({502, "5.5.1", "EXPN is not done here"});
        case SmtpVerb::other:
            co_return bad({502, "5.5.1", "that command is not done here"});
        case SmtpVerb::foreign:
            co_return part(
                {SmtpRefusal::foreign_protocol, {554, "5.5.0", "this is SMTP, not HTTP"}},
                StreamEnd::protocol);
        case SmtpVerb::unknown:
            break;
    }
    co_return bad({500, "5.5.2", "that command is not known here"});
}

void SmtpSession::reset_transaction() {
    transaction_ = {};
}

void SmtpSession::end_login() {
    login_ended_ = true;
    stream_.interrupt();
}

// RFC 5321 §3.8: 421 may come at any time, in the middle of a message, too.
SmtpSession::Next SmtpSession::part_for_login() {
    return part(
        {SmtpRefusal::login_ended, {421, "4.7.0", "this login is good no more; log in again"}},
        StreamEnd::server);
}

}  // namespace gatepost::dataplane
