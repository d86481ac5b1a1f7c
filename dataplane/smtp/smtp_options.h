// How a listener of SMTP behaves.
#pragma once

#include <cstdint>
#include <string>

namespace gatepost::dataplane {

class TlsContext;

enum class SmtpRole : uint8_t {
    mx,           // port 25: from anybody, for mailboxes of this system
    submission,   // port 587 (RFC 6409): STARTTLS, then AUTH
    submissions,  // port 465 (RFC 8314 §3.3): TLS from the first octet, AUTH
    lmtp,         // RFC 2033: from a trusted MTA, for mailboxes of this system
    local,        // a trusted program of this host: any sender, to anywhere
};
inline constexpr size_t kSmtpRoles = 5;
const char* smtp_role_name(SmtpRole role);

struct SmtpOptions {
    SmtpRole role = SmtpRole::mx;
    std::string server_name;  // in the greeting and in trace fields; a domain in ASCII
    // RFC 8601 §2.5: whose name results of authentication carry; "": server_name.
    std::string authserv_id = {};
    TlsContext* tls = nullptr;  // for STARTTLS; nullptr: not offered
    // Offers AUTH where the role does not by itself: on mx, behind TLS.
    bool auth = false;
    // RFC 3207 §4, RFC 8314 §3.3: logging in and, on submission, everything else only under TLS.
    bool tls_required = true;

    uint64_t message_octets_max = 52'428'800;  // 50 MiB (RFC 1870)
    uint32_t recipients_max = 100;             // RFC 5321 §4.5.3.1.8: at least 100
    uint32_t messages_max = 1000;              // of a session: then others get its place
    uint32_t received_fields_max = 50;     // RFC 5321 §6.3: a loop; it asks for at least 100 hops
                                           // where nothing else is known
    uint32_t bad_commands_max = 10;        // then the session ends
    uint32_t idle_commands_max = 100;      // NOOP, RSET, VRFY, HELO… between two messages
    uint32_t refused_recipients_max = 50;  // unknown or not ours, of a session: somebody guesses
    uint32_t failed_logins_max = 5;

    // RFC 5321 §4.5.3.2: what a client may take, in milliseconds. Where places are short, a
    // command may take a tenth.
    uint32_t command_ms = 300'000;     // §4.5.3.2.7
    uint32_t data_ms = 180'000;        // §4.5.3.2.5: between two pieces of a message
    uint32_t message_ms = 3'600'000;   // a message as a whole: 50 MiB at 14 KiB/s
    uint32_t session_ms = 14'400'000;  // everything: 4 h
    uint32_t write_ms = 60'000;        // for a client to take its replies
    // Waits so long before the greeting for a client that talks first, which one that follows
    // RFC 5321 §3.1 does not; 0: does not wait, and does not see it.
    uint32_t greeting_ms = 0;

    const std::string& results_id() const {
        return authserv_id.empty() ? server_name : authserv_id;
    }
    bool is_submission() const {
        return role == SmtpRole::submission || role == SmtpRole::submissions;
    }
    bool offers_auth() const { return is_submission() || (role == SmtpRole::mx && auth); }
    // Nobody logs in there: who reaches it may use it.
    bool is_trusted() const { return role == SmtpRole::lmtp || role == SmtpRole::local; }
};

}  // namespace gatepost::dataplane
