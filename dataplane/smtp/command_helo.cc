// HELO, EHLO (RFC 5321 §4.1.1.1) and LHLO (RFC 2033 §4.1).
#include <fmt/format.h>

#include <algorithm>

#include "dataplane/auth/sasl_dialogue.h"
#include "dataplane/smtp/smtp_limits.h"
#include "dataplane/smtp/smtp_session.h"

namespace gatepost::dataplane {

namespace {

// What domains and address literals consist of, and the underscore, which many hosts have.
bool is_name_octet(char c) {
    constexpr std::string_view kOthers = "-._:[]";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
}

}  // namespace

Task<SmtpSession::Next> SmtpSession::helo(SmtpVerb verb, std::string_view argument) {
    const bool lmtp = options_.role == SmtpRole::lmtp;
    if (lmtp != (verb == SmtpVerb::lhlo))
        co_return bad({500, "5.5.1",
                       lmtp ? "this is LMTP: begin with LHLO" : "this is SMTP: begin with EHLO"});
    if (++idle_commands_ > options_.idle_commands_max) co_return idle_command({});
    const std::string_view name = argument.substr(0, argument.find(' '));
    const bool wrong = !std::ranges::all_of(name, is_name_octet);
    // RFC 5321 §4.1.4: refused for its syntax only. A mail program may not know its host's name.
    if (name.empty() || name.size() > kHeloMax || (wrong && !options_.is_submission()))
        co_return bad({501, "", "a host name or an address in brackets has to follow"});
    // RFC 2920 §3.1: whoever sends on cannot know yet that it may.
    if (!stream_.input().empty() && on_rule(SmtpRefusal::unauthorized_pipelining))
        co_return part({SmtpRefusal::unauthorized_pipelining,
                        {554, "5.5.0", "wait for the reply to your greeting"}},
                       storage::StreamEnd::protocol);
    std::string safe(name);
    std::ranges::replace_if(
        safe, [](char c) { return !is_name_octet(c); }, '_');
    client_.helo = std::move(safe);
    client_.extended = verb != SmtpVerb::helo;
    reset_transaction();  // RFC 5321 §4.1.4
    const PolicyVerdict verdict = co_await environment_.policy().on_helo(client_);
    if (const MaybeRefusal refusal = refusal_of(verdict)) {
        const Next next = refuse(*refusal);
        client_.helo.clear();
        co_return next;
    }
    if (client_.extended) co_return greet_extended();
    co_return say({250, "", options_.server_name});
}

SmtpSession::Next SmtpSession::greet_extended() {
    std::string auth;
    if (options_.offers_auth() && client_.account_id == 0 &&
        (client_.tls || !options_.tls_required))
        for (SaslMechanism mechanism : usable_mechanisms(environment_.login(), stream_.tls()))
            auth += fmt::format(" {}", mechanism_name(mechanism));
    std::string out;
    auto line = [&out](std::string_view text, bool last = false) {
        append_reply_line(out, 250, "", text, last);
    };
    line(fmt::format("{} at your service", options_.server_name));
    line("PIPELINING");                                             // RFC 2920
    line(fmt::format("SIZE {}", options_.message_octets_max));      // RFC 1870
    line("8BITMIME");                                               // RFC 6152
    line("BINARYMIME");                                             // RFC 3030 §3
    line("CHUNKING");                                               // RFC 3030 §2
    line("SMTPUTF8");                                               // RFC 6531
    line("DSN");                                                    // RFC 3461
    if (options_.tls != nullptr && !client_.tls) line("STARTTLS");  // RFC 3207 §4.2: not twice
    if (!auth.empty()) line("AUTH" + auth);                         // RFC 4954 §3
    line(fmt::format("LIMITS RCPTMAX={} MAILMAX={}", options_.recipients_max,
                     options_.messages_max));  // RFC 9422
    if (options_.role != SmtpRole::lmtp) line("HELP");
    line("ENHANCEDSTATUSCODES", true);  // RFC 2034
    return say_text(out);
}

}  // namespace gatepost::dataplane
