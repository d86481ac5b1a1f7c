#include "dataplane/stream/stream_session.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace gatepost::dataplane {

using storage::StreamEnd;

std::string PeerAddress::text() const {
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(family == Family::ipv4 ? AF_INET : AF_INET6, octets, text, sizeof text);
    return text;
}

// A multishot accept has no room for the address of each client.
bool PeerAddress::of_socket(int fd, PeerAddress& peer) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        peer.family = Family::ipv4;
        std::memcpy(peer.octets, &v4.sin_addr, 4);
        peer.port = ntohs(v4.sin_port);
        return true;
    }
    if (address.ss_family == AF_UNIX) {  // a program of this host
        peer.family = Family::ipv4;
        constexpr uint8_t kLoopback[] = {127, 0, 0, 1};
        std::memcpy(peer.octets, kLoopback, sizeof kLoopback);
        peer.port = 0;
        return true;
    }
    if (address.ss_family != AF_INET6) return false;
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    peer.family = Family::ipv6;
    std::memcpy(peer.octets, &v6.sin6_addr, 16);
    peer.port = ntohs(v6.sin6_port);
    return true;
}

std::string session_text(uint64_t id) {
    return fmt::format("{:014x}", id);
}

StreamEnd stream_end(StreamStatus status) {
    switch (status) {
        case StreamStatus::ok:
            return StreamEnd::server;
        case StreamStatus::end:
            return StreamEnd::peer;
        case StreamStatus::timeout:
            return StreamEnd::idle;
        case StreamStatus::woken:
            return StreamEnd::drained;
        case StreamStatus::too_long:
            return StreamEnd::protocol;
        case StreamStatus::reset:
            return StreamEnd::reset;
        case StreamStatus::tls_failed:
            return StreamEnd::tls_failed;
        case StreamStatus::no_memory:
            return StreamEnd::no_memory;
    }
    return StreamEnd::server;
}

}  // namespace gatepost::dataplane
