#include "tools/gatepost/dns/ask.h"

#include <netinet/in.h>
#include <poll.h>

#include <cerrno>
#include <cstring>

#include "storage/base/unique_fd.h"
#include "tools/gatepost/config/units.h"

namespace gatepost::tools {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMessageMax = 65535;  // octets

tl::unexpected<Error> no_response(const AskOptions& options, bool tcp, std::string_view why) {
    return fail(ErrorCode::unreachable, "no response from {} over {}: {}", options.server.text(),
                tcp ? "TCP" : "UDP", why);
}

// True once the socket is ready for `events`, false at the deadline.
bool wait_for(int socket, short events, Clock::time_point deadline) {
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return false;
        pollfd entry{socket, events, 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(left.count()));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

Result<UniqueFd> connect_to(const AskOptions& options, bool tcp, Clock::time_point deadline) {
    UniqueFd socket(::socket(options.server.family(),
                             (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return no_response(options, tcp, std::strerror(errno));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&options.server.address),
                  options.server.length) == 0)
        return socket;
    if (errno != EINPROGRESS) return no_response(options, tcp, std::strerror(errno));
    if (!wait_for(socket.get(), POLLOUT, deadline))
        return no_response(options, tcp, "connecting timed out");
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return no_response(options, tcp, std::strerror(error));
    return socket;
}

// RFC 5452 §9.1: what does not match the query is not its response.
bool answers(const std::vector<uint8_t>& query, Bytes message) {
    return message.size() >= 12 && load_be16(message.data()) == load_be16(query.data()) &&
           (message[2] & 0x80) != 0;
}

Result<std::vector<uint8_t>> over_udp(const std::vector<uint8_t>& query,
                                      const AskOptions& options) {
    std::vector<uint8_t> buffer(kMessageMax);
    for (unsigned i = 0; i < options.tries; ++i) {
        const auto deadline = Clock::now() + options.timeout;
        auto socket = connect_to(options, false, deadline);
        if (!socket) return tl::unexpected(std::move(socket).error());
        if (::send(socket->get(), query.data(), query.size(), MSG_NOSIGNAL) < 0)
            return no_response(options, false, std::strerror(errno));
        while (wait_for(socket->get(), POLLIN, deadline)) {
            const ssize_t got = ::recv(socket->get(), buffer.data(), buffer.size(), 0);
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            // An ICMP error, mostly "connection refused": nobody listens there.
            if (got < 0) return no_response(options, false, std::strerror(errno));
            if (!answers(query, Bytes(buffer.data(), static_cast<size_t>(got)))) continue;
            buffer.resize(static_cast<size_t>(got));
            return buffer;
        }
    }
    return no_response(options, false,
                       fmt::format("timed out ({} tries of {})", options.tries,
                                   duration_to_text(options.timeout)));
}

Status send_all(int socket, Bytes bytes, const AskOptions& options, Clock::time_point deadline) {
    while (!bytes.empty()) {
        if (!wait_for(socket, POLLOUT, deadline))
            return no_response(options, true, "sending timed out");
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return no_response(options, true, std::strerror(errno));
        if (sent > 0) bytes = bytes.subspan(static_cast<size_t>(sent));
    }
    return {};
}

Status receive_all(int socket, std::span<uint8_t> bytes, const AskOptions& options,
                   Clock::time_point deadline) {
    while (!bytes.empty()) {
        if (!wait_for(socket, POLLIN, deadline)) return no_response(options, true, "timed out");
        const ssize_t got = ::recv(socket, bytes.data(), bytes.size(), 0);
        if (got == 0) return no_response(options, true, "the server closed the connection");
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return no_response(options, true, std::strerror(errno));
        if (got > 0) bytes = bytes.subspan(static_cast<size_t>(got));
    }
    return {};
}

Result<std::vector<uint8_t>> over_tcp(const std::vector<uint8_t>& query,
                                      const AskOptions& options) {
    const auto deadline = Clock::now() + options.timeout;
    auto socket = connect_to(options, true, deadline);
    if (!socket) return tl::unexpected(std::move(socket).error());
    // RFC 7766 §8: length and message in one write.
    std::vector<uint8_t> framed(2);
    store_be16(framed.data(), static_cast<uint16_t>(query.size()));
    framed.insert(framed.end(), query.begin(), query.end());
    Status ok = send_all(socket->get(), framed, options, deadline);
    uint8_t prefix[2] = {};
    if (ok) ok = receive_all(socket->get(), prefix, options, deadline);
    std::vector<uint8_t> message(load_be16(prefix));
    if (ok) ok = receive_all(socket->get(), message, options, deadline);
    if (!ok) return tl::unexpected(std::move(ok).error());
    if (!answers(query, message))
        return no_response(options, true, "what came does not answer the query");
    return message;
}

}  // namespace

Result<Answered> ask(const std::vector<uint8_t>& query, const AskOptions& options) {
    const auto start = Clock::now();
    auto message = options.tcp ? over_tcp(query, options) : over_udp(query, options);
    if (!message) return tl::unexpected(std::move(message).error());
    Answered out;
    out.time = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
    out.tcp = options.tcp;
    out.size = message->size();
    auto response = parse_response(*message);
    if (!response) return tl::unexpected(std::move(response).error());
    out.response = std::move(*response);
    if (out.response.truncated() && !options.tcp && !options.keep_truncated) {
        AskOptions again = options;
        again.tcp = true;
        return ask(query, again);
    }
    return out;
}

}  // namespace gatepost::tools
