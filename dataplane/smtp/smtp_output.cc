// What a session says, and how it is counted and logged.
#include <fmt/format.h>

#include <algorithm>

#include "dataplane/log/log.h"
#include "dataplane/smtp/smtp_limits.h"
#include "dataplane/smtp/smtp_session.h"

namespace gatepost::dataplane {

namespace {

using storage::StreamEnd;

// RFC 5321 §3.8, RFC 7504 §3: after these the connection is closed.
bool ends_session(uint16_t code) {
    return code == 421 || code == 521;
}

}  // namespace

SmtpSession::Next SmtpSession::say_text(const std::string& octets) {
    const Bytes bytes(reinterpret_cast<const uint8_t*>(octets.data()), octets.size());
    if (stream_.append(bytes)) return Next::command;
    session_.end = StreamEnd::no_memory;
    return Next::end;
}

SmtpSession::Next SmtpSession::say(const SmtpReply& reply) {
    std::string line;
    append_reply_line(line, reply.code, reply.enhanced, reply.text);
    const Next next = say_text(line);
    return ends_session(reply.code) ? Next::end : next;
}

void SmtpSession::note(const Refusal& refusal) {
    storage::count(environment_.counters().refused[static_cast<size_t>(refusal.reason)]);
    // Commands that are none are no news to whoever runs the server.
    const bool trivial =
        refusal.reason == SmtpRefusal::bad_command || refusal.reason == SmtpRefusal::line_too_long;
    const LogLevel level = trivial ? LogLevel::debug : LogLevel::info;
    if (!log_enabled(level)) return;
    const std::string_view reason = smtp_refusal_name(refusal.reason);
    log(level, "smtp.refused",
        {{"session", session_text(session_.id)},
         {"client", session_.client.text()},
         {"listener", smtp_role_name(options_.role)},
         {"reason", reason},
         {"rule", refusal.rule.empty() ? reason : std::string_view(refusal.rule)},
         {"code", refusal.reply.code},
         {"helo", client_.helo},
         {"user", client_.user},
         {"from", transaction_.envelope.reverse_path},
         {"to", refusal.to},
         {"text", refusal.reply.text}});
}

SmtpSession::Next SmtpSession::refuse(const Refusal& refusal) {
    note(refusal);
    return say(refusal.reply);
}

SmtpSession::Next SmtpSession::part(const Refusal& refusal, StreamEnd end) {
    if (refuse(refusal) == Next::command || session_.end == StreamEnd::server) session_.end = end;
    return Next::end;
}

SmtpSession::Next SmtpSession::lost(StreamStatus status) {
    session_.end = stream_end(status);
    return Next::end;
}

SmtpSession::Next SmtpSession::bad(SmtpReply reply, SmtpRefusal reason) {
    if (++bad_commands_ <= options_.bad_commands_max) return refuse({reason, std::move(reply)});
    return part(
        {SmtpRefusal::too_many_bad_commands, {421, "4.7.0", "too many commands that are none"}},
        StreamEnd::protocol);
}

SmtpSession::Next SmtpSession::idle_command(const SmtpReply& reply) {
    if (++idle_commands_ <= options_.idle_commands_max) return say(reply);
    return part({SmtpRefusal::too_many_idle_commands,
                 {421, "4.7.0", "too many commands without a message"}},
                StreamEnd::protocol);
}

SmtpSession::MaybeRefusal SmtpSession::refusal_of(const PolicyVerdict& verdict,
                                                  std::string_view to) const {
    if (verdict.action == PolicyVerdict::Action::accept) return std::nullopt;
    return Refusal{
        verdict.reply.is_transient() ? SmtpRefusal::policy_deferred : SmtpRefusal::policy,
        verdict.reply, verdict.rule, std::string(to)};
}

Task<SmtpSession::Next> SmtpSession::push() {
    stream_.expect_within(options_.write_ms);
    const StreamStatus status = co_await stream_.push(kUnsentRepliesMax);
    if (status == StreamStatus::ok) co_return Next::command;
    session_.end = status == StreamStatus::timeout ? StreamEnd::not_read : stream_end(status);
    co_return Next::end;
}

void SmtpSession::expect_within(uint64_t ms) {
    const uint64_t end = since_ms_ + options_.session_ms;
    const uint64_t left = end > stream_.now_ms() ? end - stream_.now_ms() : 1;
    stream_.expect_within(std::min(ms, left));
}

SmtpSession::Next SmtpSession::timed_out(bool in_the_middle) {
    const bool too_long = stream_.now_ms() >= since_ms_ + options_.session_ms;
    const Refusal refusal =
        too_long ? Refusal{SmtpRefusal::session_too_long,
                           {421, "4.4.2", "this session has taken too long; begin another one"}}
                 : Refusal{SmtpRefusal::timeout, {421, "4.4.2", "nothing came for too long"}};
    return part(refusal, in_the_middle || too_long ? StreamEnd::deadline : StreamEnd::idle);
}

std::string SmtpSession::tls_text() const {
    const TlsSession* tls = stream_.tls();
    return tls == nullptr ? std::string()
                          : fmt::format("{} with {}", tls->version(), tls->cipher());
}

}  // namespace gatepost::dataplane
