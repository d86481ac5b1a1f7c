// What is served on a listening address.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::dataplane {

enum class ListenerUse : uint8_t {
    dns,          // over UDP and TCP
    dns_tls,      // RFC 7858
    https,        // DNS over HTTPS (RFC 8484), and what else the public may ask for
    http,         // challenges, redirects; everything else is sent on to https
    admin,        // metrics and health
    smtp,         // mail from other hosts (RFC 5321)
    submission,   // mail of people who log in, after STARTTLS (RFC 6409)
    submissions,  // the same, under TLS from the first octet (RFC 8314)
    lmtp,         // RFC 2033
    mail_local,   // mail of programs of this host: no login, any sender
    imap,         // mailboxes of people who log in, after STARTTLS (RFC 9051)
    imaps,        // the same, under TLS from the first octet (RFC 8314)
    pop3,         // mail to fetch for people who log in, after STLS (RFC 1939)
    pop3s,        // the same, under TLS from the first octet (RFC 8314)
};
inline constexpr size_t kListenerUses = 14;

bool is_mail(ListenerUse use);
std::string_view listener_use_name(ListenerUse use);  // "dns", "dns-over-tls" …

// How the supervisor names a socket that it hands over: "udp", "tcp", "tls", "https", "smtp" …
std::string_view stream_socket_word(ListenerUse use);
std::optional<ListenerUse> stream_socket_use(std::string_view word);

}  // namespace gatepost::dataplane
