#include "dataplane/smtp/smtp_counters.h"

#include <array>

namespace gatepost::dataplane {

namespace {

constexpr std::array<std::string_view, kSmtpRefusals> kNames = {
    "early_talker",
    "unauthorized_pipelining",
    "policy",
    "policy_deferred",
    "tls_required",
    "login_required",
    "login_failed",
    "login_unavailable",
    "login_ended",
    "too_many_logins",
    "sender_address",
    "sender_identity",
    "recipient_address",
    "unknown_recipient",
    "relay_denied",
    "over_quota",
    "broken_alias",
    "directory_unavailable",
    "too_many_recipients",
    "too_many_refused_recipients",
    "too_many_messages",
    "too_large",
    "too_many_hops",
    "bare_line_end",
    "nul_in_header",
    "filter",
    "store_full",
    "store_busy",
    "store_broken",
    "bad_command",
    "line_too_long",
    "too_many_bad_commands",
    "too_many_idle_commands",
    "foreign_protocol",
    "broken_chunk",
    "timeout",
    "session_too_long",
    "draining",
};
static_assert(kNames.size() == static_cast<size_t>(SmtpRefusal::draining) + 1);

}  // namespace

std::string_view smtp_refusal_name(SmtpRefusal refusal) {
    return kNames[static_cast<size_t>(refusal)];
}

const char* smtp_role_name(SmtpRole role) {
    switch (role) {
        case SmtpRole::mx:
            return "mx";
        case SmtpRole::submission:
            return "submission";
        case SmtpRole::submissions:
            return "submissions";
        case SmtpRole::lmtp:
            return "lmtp";
        case SmtpRole::local:
            return "local";
    }
    return "";
}

}  // namespace gatepost::dataplane
