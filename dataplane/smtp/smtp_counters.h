// What a worker counts about its SMTP; written by that worker only, read by anyone.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/smtp/smtp_options.h"
#include "storage/arena/qsbr.h"

namespace gatepost::dataplane {

// Why something was refused: a connection, a command, a recipient or a message.
enum class SmtpRefusal : uint8_t {
    early_talker,             // spoke before the greeting
    unauthorized_pipelining,  // sent on where RFC 2920 §3.1 says to wait
    policy,                   // a rule of the policy, for good
    policy_deferred,          // a rule of the policy, for now
    tls_required,
    login_required,
    login_failed,
    login_unavailable,  // could not be checked now
    login_ended,        // good when it was made, but no more
    too_many_logins,    // failed ones
    sender_address,     // no valid address
    sender_identity,    // not an address of whoever logged in
    recipient_address,  // no valid address
    unknown_recipient,
    relay_denied,
    over_quota,
    broken_alias,           // one that leads in a circle, or to too many
    directory_unavailable,  // not loaded yet
    too_many_recipients,
    too_many_refused_recipients,
    too_many_messages,
    too_large,
    too_many_hops,
    bare_line_end,
    nul_in_header,
    filter,
    store_full,
    store_busy,
    store_broken,
    bad_command,  // syntax or sequence
    line_too_long,
    too_many_bad_commands,
    too_many_idle_commands,
    foreign_protocol,  // a command of HTTP, say
    broken_chunk,      // BDAT with a size that cannot be read
    timeout,
    session_too_long,
    draining,
};
inline constexpr size_t kSmtpRefusals = 38;

struct alignas(storage::kCacheLine) SmtpCounters {
    std::atomic<uint64_t> sessions[kSmtpRoles];  // begun
    std::atomic<uint64_t> messages[kSmtpRoles];  // accepted
    std::atomic<uint64_t> recipients;            // of accepted messages
    std::atomic<uint64_t> message_octets;        // of accepted messages, as they came
    std::atomic<uint64_t> refused[kSmtpRefusals];
    std::atomic<uint64_t> broken_off;  // messages whose client went away in the middle
    std::atomic<uint64_t> starttls;    // handshakes done
    std::atomic<uint64_t> starttls_failed;
    std::atomic<uint64_t> starttls_injected;  // of these, with octets behind the command
    std::atomic<uint64_t> logins;
};

// "unknown_recipient": in metrics, in the log, and as the name of the built-in rule.
std::string_view smtp_refusal_name(SmtpRefusal refusal);

}  // namespace gatepost::dataplane
