// What is served on a listening address.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::dataplane {

enum class ListenerUse : uint8_t {
    dns,      // over UDP and TCP
    dns_tls,  // RFC 7858
    https,    // DNS over HTTPS (RFC 8484), and what else the public may ask for
    http,     // challenges, redirects; everything else is sent on to https
    admin,    // metrics and health
};

std::string_view listener_use_name(ListenerUse use);  // "dns", "dns-over-tls" …

// How the supervisor names a socket that it hands over: "udp", "tcp", "tls", "https" …
std::string_view stream_socket_word(ListenerUse use);
std::optional<ListenerUse> stream_socket_use(std::string_view word);

}  // namespace gatepost::dataplane
