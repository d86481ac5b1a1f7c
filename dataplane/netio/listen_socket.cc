#include "dataplane/netio/listen_socket.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gatepost::dataplane {

namespace {

// The default (212,992) is less than 300 small datagrams, which one burst of a busy resolver
// overflows.
constexpr int kUdpReceiveBuffer = 4 << 20;  // octets
constexpr int kUdpSendBuffer = 2 << 20;     // octets
constexpr int kTcpBacklog = 1024;           // connections; the kernel cuts it to net.core.somaxconn
constexpr int kTcpFastOpenQueue = 256;      // connections
constexpr unsigned kUnixSocketMode = 0660;  // its owner and group
constexpr unsigned kPortTriesMax = 20;      // for one port that is free in both protocols
constexpr unsigned kBindTriesMax = 20;      // beside one another, kBindPauseMs apart: half a second
constexpr int kBindPauseMs = 25;

bool set(int fd, int level, int name, int value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// With CAP_NET_ADMIN past net.core.rmem_max, else up to it.
void set_buffer(int fd, int forced, int ordinary, int octets) {
    if (!set(fd, SOL_SOCKET, forced, octets)) set(fd, SOL_SOCKET, ordinary, octets);
}

tl::unexpected<Error> explain_bind(const ListenAddress& address, const char* protocol, int error) {
    switch (error) {
        case EADDRINUSE:
            return fail(
                ErrorCode::refused,
                "cannot listen on {} ({}): another program has that port; stop it ('ss -lpn "
                "sport = :{}' shows which), or choose another address or port",
                address.text(), protocol, address.port());
        case EACCES:
            return fail(
                ErrorCode::permission,
                "cannot listen on {} ({}): ports below 1024 need root or CAP_NET_BIND_SERVICE; "
                "start as root, or choose a higher port",
                address.text(), protocol);
        case EADDRNOTAVAIL:
            return fail(
                ErrorCode::refused,
                "cannot listen on {} ({}): this host has no such address; 'ip addr' shows those "
                "it has",
                address.text(), protocol);
        default:
            return fail(ErrorCode::refused, "cannot listen on {} ({}): {}", address.text(),
                        protocol, std::strerror(error));
    }
}

// Where queries to any address are taken, the address asked must be known: a reply from another one
// is dropped by the client (RFC 2181 §4.1).
bool tell_asked_address(int fd, const ListenAddress& address) {
    return address.family() == AF_INET ? set(fd, IPPROTO_IP, IP_PKTINFO, 1)
                                       : set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

// ICMP "fragmentation needed" is forged easily and would make the kernel fragment replies: neither
// cache a path MTU nor set DF (the attack RFC 9715 §1 tells of; replies are small enough by size).
bool set_udp_options(int fd, const ListenAddress& address) {
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, kUdpReceiveBuffer);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, kUdpSendBuffer);
    if (address.is_wildcard() && !tell_asked_address(fd, address)) return false;
    if (address.family() == AF_INET) return set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    return set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
}

// Accepted connections inherit TCP_NODELAY. Fast Open is offered where the host allows it (RFC 7766
// appendix A).
bool set_tcp_options(int fd) {
    set(fd, IPPROTO_TCP, TCP_FASTOPEN, kTcpFastOpenQueue);
    return set(fd, SOL_SOCKET, SO_REUSEADDR, 1) && set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

// The kernel lets go of the sockets of a killed process's io_uring a moment after the process: a
// restart right behind it must not fail for that.
bool bind_patiently(int fd, const ListenAddress& address) {
    for (unsigned tries = 0;; ++tries) {
        if (::bind(fd, reinterpret_cast<const sockaddr*>(&address.address), address.length) == 0)
            return true;
        if (errno != EADDRINUSE || tries == kBindTriesMax) return false;
        ::poll(nullptr, 0, kBindPauseMs);
        errno = EADDRINUSE;
    }
}

Result<UniqueFd> open_bound(const ListenAddress& address, int type, bool shared) {
    const char* protocol = type == SOCK_DGRAM ? "UDP" : "TCP";
    UniqueFd fd(::socket(address.family(), type | SOCK_CLOEXEC, 0));
    if (!fd) return explain_bind(address, protocol, errno);
    bool ready = address.family() == AF_INET || set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (shared) ready = ready && set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    ready = ready &&
            (type == SOCK_DGRAM ? set_udp_options(fd.get(), address) : set_tcp_options(fd.get()));
    if (!ready || !bind_patiently(fd.get(), address)) return explain_bind(address, protocol, errno);
    return fd;
}

// SO_REUSEPORT would let a second server of the same user in silently and split the queries between
// the two: a socket without it is refused there.
Status check_free(const ListenAddress& address, int type) {
    auto probe = open_bound(address, type, false);
    if (!probe) return tl::unexpected(probe.error());
    return {};
}

Result<Listener> open_streams(const ListenAddress& asked, unsigned workers, ListenerUse use) {
    if (asked.port() != 0) {
        if (Status free = check_free(asked, SOCK_STREAM); !free)
            return tl::unexpected(free.error());
    }
    Listener listener{asked, {}, {}, use};
    for (unsigned i = 0; i < workers; ++i) {
        auto tcp = open_bound(listener.address, SOCK_STREAM, true);
        if (!tcp) return tl::unexpected(tcp.error());
        if (::listen(tcp->get(), kTcpBacklog) != 0)
            return explain_bind(listener.address, "TCP", errno);
        auto chosen = local_address(tcp->get());
        if (!chosen) return tl::unexpected(chosen.error());
        listener.address = *chosen;
        listener.tcp.push_back(std::move(*tcp));
    }
    return listener;
}

// The path of a socket that nobody listens on any more is free; anything else there stays.
Status clear_path(const ListenAddress& address) {
    const std::string path = address.text();
    struct stat about {};
    if (::lstat(path.c_str(), &about) != 0) return {};
    UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!S_ISSOCK(about.st_mode) ||
        ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address.address),
                  address.length) == 0)
        return fail(ErrorCode::refused,
                    "cannot listen on {}: {}; choose another path, or remove it", path,
                    S_ISSOCK(about.st_mode) ? "another program does" : "it is not a socket");
    ::unlink(path.c_str());
    return {};
}

// All workers accept from the one socket that a path can have.
Result<Listener> open_unix(const ListenAddress& address, unsigned workers, ListenerUse use) {
    if (Status clear = clear_path(address); !clear) return tl::unexpected(clear.error());
    UniqueFd first(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!first ||
        ::bind(first.get(), reinterpret_cast<const sockaddr*>(&address.address), address.length) !=
            0 ||
        ::chmod(address.text().c_str(), kUnixSocketMode) != 0 ||
        ::listen(first.get(), kTcpBacklog) != 0)
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::refused,
                    "cannot listen on {}: {}", address.text(), std::strerror(errno));
    Listener listener{address, {}, {}, use};
    for (unsigned i = 1; i < workers; ++i) {
        UniqueFd other(::fcntl(first.get(), F_DUPFD_CLOEXEC, 0));
        if (!other)
            return fail(ErrorCode::refused, "cannot listen on {}: {}", address.text(),
                        std::strerror(errno));
        listener.tcp.push_back(std::move(other));
    }
    listener.tcp.push_back(std::move(first));
    return listener;
}

Result<Listener> open_all(const ListenAddress& asked, unsigned workers) {
    for (int type : {SOCK_DGRAM, SOCK_STREAM}) {
        if (asked.port() == 0) break;
        if (Status free = check_free(asked, type); !free) return tl::unexpected(free.error());
    }
    Listener listener{asked, {}, {}, ListenerUse::dns};
    for (unsigned i = 0; i < workers; ++i) {
        auto udp = open_bound(listener.address, SOCK_DGRAM, true);
        if (!udp) return tl::unexpected(udp.error());
        if (listener.address.port() == 0) {
            auto chosen = local_address(udp->get());
            if (!chosen) return tl::unexpected(chosen.error());
            listener.address = *chosen;
            if (Status free = check_free(*chosen, SOCK_STREAM); !free)
                return tl::unexpected(free.error());
        }
        auto tcp = open_bound(listener.address, SOCK_STREAM, true);
        if (!tcp) return tl::unexpected(tcp.error());
        if (::listen(tcp->get(), kTcpBacklog) != 0)
            return explain_bind(listener.address, "TCP", errno);
        listener.udp.push_back(std::move(*udp));
        listener.tcp.push_back(std::move(*tcp));
    }
    return listener;
}

}  // namespace

Result<Listener> open_listener(const ListenAddress& address, unsigned workers, ListenerUse use) {
    if (address.is_unix()) return open_unix(address, workers, use);
    if (use != ListenerUse::dns) return open_streams(address, workers, use);
    auto listener = open_all(address, workers);
    // The port that the kernel chose for UDP may be taken in TCP: ask for another.
    for (unsigned tries = 1; !listener && address.port() == 0 && tries < kPortTriesMax; ++tries)
        listener = open_all(address, workers);
    return listener;
}

Status prepare_for_ring(int fd, const ListenAddress& local) {
    int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ((flags & O_NONBLOCK) != 0 && ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0))
        return fail(ErrorCode::refused, "making the socket on {} blocking: {}", local.text(),
                    std::strerror(errno));
    int type = 0;
    socklen_t size = sizeof type;
    ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
    if (type == SOCK_DGRAM && local.is_wildcard() && !tell_asked_address(fd, local))
        return fail(ErrorCode::refused, "asking for destination addresses on {}: {}", local.text(),
                    std::strerror(errno));
    return {};
}

}  // namespace gatepost::dataplane
