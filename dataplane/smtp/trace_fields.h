// The fields that this server puts in front of a message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/smtp/smtp_environment.h"

namespace gatepost::dataplane {

// What RFC 3848 and RFC 6531 §4.3 call the way a message came: "ESMTPSA", "UTF8LMTPS".
std::string transmission_type(const SmtpClient& client, bool smtputf8);

// "Sat, 21 Nov 2026 19:10:14 +0000" (RFC 5322 §3.3).
std::string mail_date(int64_t now_us);

struct TraceContext {
    const SmtpOptions& options;
    const SmtpClient& client;
    const storage::Envelope& envelope;     // with its id and its score
    std::string_view tls = {};             // "TLSv1.3 with TLS_AES_128_GCM_SHA256"; "": none
    std::string_view only_recipient = {};  // "": there are more
    bool delivered_here = false;           // to one mailbox of this system at least
    bool filtered = false;
    bool needs_date = false;
    bool needs_message_id = false;
};

// The fields in their order, each with its CR LF; less than MessageStore::kPrefixMax octets.
std::string trace_fields(const TraceContext& context);

}  // namespace gatepost::dataplane
