#include "tools/gatepost/imap_client/remote_connection.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "storage/base/check.h"

namespace gatepost::tools {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

tl::unexpected<Error> stopped() {
    return fail(ErrorCode::refused, "interrupted");
}

// Until the descriptor is ready, or nobody waits any more.
Status wait_ready(int fd, short events, Clock::time_point deadline, const StopSignal& stop) {
    for (;;) {
        if (stop.stopped()) return stopped();
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return fail(ErrorCode::unreachable, "no answer in time");
        pollfd polls[2] = {{fd, events, 0}, {stop.fd(), POLLIN, 0}};
        const int ready =
            ::poll(polls, 2, static_cast<int>(std::min<int64_t>(left.count() + 1, INT_MAX)));
        if (ready < 0 && errno != EINTR)
            return fail(ErrorCode::unreachable, "waiting: {}", std::strerror(errno));
        if (ready > 0 && polls[1].revents == 0) return {};
    }
}

Result<UniqueFd> connect_to(const addrinfo& address, Clock::time_point deadline,
                            const StopSignal& stop) {
    UniqueFd socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return fail(ErrorCode::unreachable, "{}", std::strerror(errno));
    if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) != 0) {
        if (errno != EINPROGRESS) return fail(ErrorCode::unreachable, "{}", std::strerror(errno));
        if (Status ready = wait_ready(socket.get(), POLLOUT, deadline, stop); !ready)
            return tl::unexpected(std::move(ready).error());
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) return fail(ErrorCode::unreachable, "{}", std::strerror(error));
    }
    constexpr int kOn = 1;
    // Commands wait for their answers; and a server that went away is noticed.
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof kOn);
    return socket;
}

}  // namespace

void RemoteConnection::FreeSsl::operator()(ssl_st* ssl) const {
    SSL_free(ssl);
}

RemoteConnection::RemoteConnection(UniqueFd socket, const Waits& waits, const StopSignal& stop)
    : socket_(std::move(socket)), waits_(waits), stop_(stop), room_(new char[kRoom]) {}

Result<std::unique_ptr<RemoteConnection>> RemoteConnection::open(const std::string& host,
                                                                 uint16_t port, const Waits& waits,
                                                                 const StopSignal& stop) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int looked = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (looked != 0)
        return fail(ErrorCode::unreachable, "{}: {}; is the name right?", host,
                    ::gai_strerror(looked));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
    Error last{ErrorCode::unreachable, "it has no address"};
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        auto socket = connect_to(*one, Clock::now() + waits.connect, stop);
        if (socket)
            return std::unique_ptr<RemoteConnection>(
                new RemoteConnection(std::move(*socket), waits, stop));
        if (stop.stopped()) return stopped();
        last = std::move(socket).error();
    }
    return fail(ErrorCode::unreachable,
                "{} port {}: {}; does an IMAP server listen there, and does no firewall keep this "
                "host from it?",
                host, port, last.message);
}

Status RemoteConnection::wait(For what, Clock::time_point deadline) {
    return wait_ready(socket_.get(), what == For::reading ? POLLIN : POLLOUT, deadline, stop_);
}

Status RemoteConnection::wait_tls(int result, Clock::time_point deadline) {
    const int why = SSL_get_error(ssl_.get(), result);
    if (why == SSL_ERROR_WANT_READ) return wait(For::reading, deadline);
    if (why == SSL_ERROR_WANT_WRITE) return wait(For::writing, deadline);
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code != 0                                ? ERR_reason_error_string(code)
                         : why == SSL_ERROR_SYSCALL && errno != 0 ? std::strerror(errno)
                                                                  : "the connection was closed";
    ERR_clear_error();
    return fail(ErrorCode::unreachable, "{}", reason == nullptr ? "an error of TLS" : reason);
}

Status RemoteConnection::start_tls(const TlsTrust& trust, const std::string& host) {
    ssl_.reset(SSL_new(trust.context()));
    GATEPOST_CHECK(ssl_ != nullptr && SSL_set_fd(ssl_.get(), socket_.get()) == 1);
    if (Status prepared = trust.prepare(ssl_.get(), host); !prepared) return prepared;
    const auto deadline = Clock::now() + waits_.connect;
    for (;;) {
        errno = 0;
        const int done = SSL_connect(ssl_.get());
        if (done == 1) return trust.check(ssl_.get());
        Status waited = wait_tls(done, deadline);
        if (waited) continue;
        if (stop_.stopped()) return waited;
        return tl::unexpected(trust.explain(ssl_.get(), host, waited.error().message));
    }
}

Status RemoteConnection::write(std::string_view octets) {
    const auto deadline = Clock::now() + waits_.answer;
    while (!octets.empty()) {
        if (stop_.stopped()) return stopped();
        errno = 0;
        const int size = static_cast<int>(std::min<size_t>(octets.size(), INT_MAX));
        ssize_t sent = 0;
        if (ssl_)
            sent = SSL_write(ssl_.get(), octets.data(), size);
        else
            sent = ::send(socket_.get(), octets.data(), static_cast<size_t>(size), MSG_NOSIGNAL);
        if (sent > 0) {
            octets.remove_prefix(static_cast<size_t>(sent));
            continue;
        }
        if (!ssl_ && errno != EAGAIN && errno != EINTR)
            return fail(ErrorCode::unreachable, "{}", std::strerror(errno));
        Status waited =
            ssl_ ? wait_tls(static_cast<int>(sent), deadline) : wait(For::writing, deadline);
        if (!waited) return waited;
    }
    return {};
}

Result<size_t> RemoteConnection::read_tls() {
    const auto deadline = Clock::now() + waits_.answer;
    for (;;) {
        errno = 0;
        const int got = SSL_read(ssl_.get(), room_.get(), kRoom);
        if (got > 0) return static_cast<size_t>(got);
        if (SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN) return 0U;
        if (Status waited = wait_tls(got, deadline); !waited)
            return tl::unexpected(std::move(waited).error());
    }
}

Result<size_t> RemoteConnection::read_plain() {
    const auto deadline = Clock::now() + waits_.answer;
    for (;;) {
        const ssize_t got = ::recv(socket_.get(), room_.get(), kRoom, 0);
        if (got >= 0) return static_cast<size_t>(got);
        if (errno != EAGAIN && errno != EINTR)
            return fail(ErrorCode::unreachable, "{}", std::strerror(errno));
        if (Status waited = wait(For::reading, deadline); !waited)
            return tl::unexpected(std::move(waited).error());
    }
}

Result<std::string_view> RemoteConnection::read_some() {
    if (stop_.stopped()) return stopped();
    auto got = ssl_ ? read_tls() : read_plain();
    if (!got) return tl::unexpected(std::move(got).error());
    return std::string_view(room_.get(), *got);
}

}  // namespace gatepost::tools
