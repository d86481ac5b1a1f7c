#include "tools/load/transport/socket_transport.h"

#include <sys/epoll.h>

#include <cerrno>
#include <cstring>

namespace gatepost::tools {

namespace {

constexpr int kReceiveBuffer = 4 << 20;  // octets: answers of a few milliseconds at any rate

Endpoint endpoint_of(const IpAddress& address, uint16_t port) {
    Endpoint out;
    if (address.ipv6) {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        std::memcpy(&v6.sin6_addr, address.octets.data(), sizeof v6.sin6_addr);
        std::memcpy(&out.address, &v6, sizeof v6);
        out.length = sizeof v6;
    } else {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        std::memcpy(&v4.sin_addr, address.octets.data(), sizeof v4.sin_addr);
        std::memcpy(&out.address, &v4, sizeof v4);
        out.length = sizeof v4;
    }
    out.set_port(port);
    return out;
}

const sockaddr* as_sockaddr(const Endpoint& endpoint) {
    return reinterpret_cast<const sockaddr*>(&endpoint.address);
}

}  // namespace

SocketTransport::SocketTransport(const TemplateSet& templates)
    : templates_(templates),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      buffer_(kBurstMax * kMessageMax) {}

Result<std::unique_ptr<SocketTransport>> SocketTransport::open(const SocketOptions& options,
                                                               const TemplateSet& templates) {
    std::unique_ptr<SocketTransport> transport(new SocketTransport(templates));
    for (uint32_t address = 0; address < options.addresses; ++address)
        for (uint32_t port = 0; port < options.ports; ++port)
            if (Status added = transport->add_socket(options, address, port); !added)
                return tl::unexpected(std::move(added).error());
    return transport;
}

Status SocketTransport::add_socket(const SocketOptions& options, uint32_t address, uint32_t port) {
    UniqueFd fd(::socket(options.server.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fail(ErrorCode::refused, "making a UDP socket: {}", std::strerror(errno));
    // More where that is allowed; the kernel gives what it may.
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer,
                     sizeof kReceiveBuffer) != 0)
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
    if (options.source || options.first_port != 0) {
        IpAddress any{options.server.family() == AF_INET6, {}};
        auto source = ip_address_after(options.source.value_or(any), address);
        if (!source) return tl::unexpected(std::move(source).error());
        uint16_t number =
            options.first_port == 0 ? 0 : static_cast<uint16_t>(options.first_port + port);
        Endpoint from = endpoint_of(*source, number);
        if (::bind(fd.get(), as_sockaddr(from), from.length) != 0)
            return fail(ErrorCode::refused, "binding a socket to {}: {}", from.text(),
                        std::strerror(errno));
    }
    if (::connect(fd.get(), as_sockaddr(options.server), options.server.length) != 0)
        return fail(ErrorCode::unreachable, "no way to {}: {}", options.server.text(),
                    std::strerror(errno));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = flows();
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0)
        return fail(ErrorCode::refused, "watching a socket: {}", std::strerror(errno));
    sockets_.push_back(std::move(fd));
    return {};
}

size_t SocketTransport::send(std::span<const Outgoing> queries) {
    size_t sent = 0;
    while (sent < queries.size()) {
        std::span<const Outgoing> rest = queries.subspan(sent);
        size_t run = 1;
        while (run < rest.size() && rest[run].flow == rest[0].flow) ++run;
        size_t count = send_on(sockets_[rest[0].flow].get(), rest.first(run));
        sent += count;
        if (count < run) break;
    }
    return sent;
}

size_t SocketTransport::send_on(int socket, std::span<const Outgoing> queries) {
    mmsghdr messages[kBurstMax] = {};
    iovec parts[kBurstMax][2];
    uint16_t ids[kBurstMax];
    for (size_t i = 0; i < queries.size(); ++i) {
        Bytes message = templates_.message(templates_[queries[i].query]);
        ids[i] = __builtin_bswap16(queries[i].id);
        parts[i][0] = {&ids[i], sizeof ids[i]};
        // sendmmsg does not write to what it sends.
        parts[i][1] = {const_cast<uint8_t*>(message.data()) + sizeof ids[i],
                       message.size() - sizeof ids[i]};
        messages[i].msg_hdr.msg_iov = parts[i];
        messages[i].msg_hdr.msg_iovlen = 2;
    }
    size_t sent = 0;
    // An ICMP message for an earlier query is told once, and nothing is sent by that call.
    for (unsigned tries = 0; tries < 4 && sent < queries.size(); ++tries) {
        int count = ::sendmmsg(socket, messages + sent,
                               static_cast<unsigned>(queries.size() - sent), MSG_DONTWAIT);
        if (count > 0)
            sent += static_cast<size_t>(count);
        else if (errno == EAGAIN || errno == ENOBUFS)
            break;
        else if (errno != EINTR)
            ++counters_.unreachable;
    }
    return sent;
}

size_t SocketTransport::receive_on(uint32_t flow, std::span<Incoming> into) {
    mmsghdr messages[kBurstMax] = {};
    iovec parts[kBurstMax];
    uint8_t* buffer = buffer_.data() + (kBurstMax - into.size()) * kMessageMax;
    for (size_t i = 0; i < into.size(); ++i) {
        parts[i] = {buffer + i * kMessageMax, kMessageMax};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int count = ::recvmmsg(sockets_[flow].get(), messages, static_cast<unsigned>(into.size()),
                           MSG_DONTWAIT, nullptr);
    if (count < 0) {
        if (errno != EAGAIN && errno != EINTR) ++counters_.unreachable;
        return 0;
    }
    size_t taken = 0;
    for (int i = 0; i < count; ++i) {
        if ((messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
            ++counters_.truncated_frames;
            continue;
        }
        // Without gaps: what comes next is put behind the last answer.
        uint8_t* place = buffer + taken * kMessageMax;
        if (place != parts[i].iov_base) std::memcpy(place, parts[i].iov_base, messages[i].msg_len);
        into[taken++] = {flow, {place, messages[i].msg_len}};
    }
    return taken;
}

Transport::Received SocketTransport::receive(std::span<Incoming> into) {
    epoll_event events[kBurstMax];
    // The kernel takes turns with sockets that stay readable.
    int ready = ::epoll_wait(epoll_.get(), events, kBurstMax, 0);
    size_t taken = 0;
    into = into.first(std::min(into.size(), kBurstMax));
    for (int i = 0; i < ready && taken < into.size(); ++i) {
        // The room in the buffer is what is left of the burst.
        taken += receive_on(events[i].data.u32, into.subspan(taken));
    }
    return {taken, ready > 0};
}

void SocketTransport::wait(uint32_t timeout_us) {
    timespec time{static_cast<time_t>(timeout_us / 1'000'000),
                  static_cast<long>(timeout_us % 1'000'000) * 1000};
    epoll_event event;
    ::epoll_pwait2(epoll_.get(), &event, 1, &time, nullptr);
}

}  // namespace gatepost::tools
