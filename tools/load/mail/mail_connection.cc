#include "tools/load/mail/mail_connection.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gatepost::tools {

namespace {

constexpr size_t kPieces = 3;

// The output without its first `skip` octets; gives how many pieces that are.
size_t pieces_of(const SmtpOutput& output, size_t skip, std::array<iovec, kPieces>& pieces) {
    const std::array<Bytes, kPieces> all = {
        Bytes{reinterpret_cast<const uint8_t*>(output.head.data()), output.head.size()},
        output.body,
        Bytes{reinterpret_cast<const uint8_t*>(output.tail.data()), output.tail.size()}};
    size_t count = 0;
    for (Bytes piece : all) {
        const size_t skipped = std::min(skip, piece.size());
        skip -= skipped;
        piece = piece.subspan(skipped);
        // sendmsg does not write to what it sends.
        if (!piece.empty()) pieces[count++] = {const_cast<uint8_t*>(piece.data()), piece.size()};
    }
    return count;
}

}  // namespace

MailConnection::Progress MailConnection::fail(const char* doing, int error) {
    failure_ = fmt::format("{}: {}", doing, std::strerror(error));
    return Progress::failed;
}

bool MailConnection::open(const MailTarget& target) {
    close();
    socket_ = UniqueFd(::socket(target.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_) {
        fail("socket", errno);
        return false;
    }
    if (target.family() != AF_UNIX) {
        const int on = 1;
        ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (::connect(socket_.get(), target.as_sockaddr(), target.length) == 0 || errno == EINPROGRESS)
        return true;
    // A UNIX socket whose backlog is full gives EAGAIN, and never an event.
    fail("connect", errno);
    socket_.reset();
    return false;
}

MailConnection::Progress MailConnection::connected() {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail("connect", error);
    sockaddr_storage peer{};
    size = sizeof peer;
    if (::getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size) == 0)
        return Progress::done;
    return errno == ENOTCONN ? Progress::waiting : fail("connect", errno);
}

MailConnection::Progress MailConnection::handshake() {
    switch (tls_->handshake()) {
        case TlsClient::Progress::done:
            return Progress::done;
        case TlsClient::Progress::waiting:
            return Progress::waiting;
        case TlsClient::Progress::failed:
            break;
    }
    failure_ = fmt::format("TLS handshake: {}", tls_->failure());
    return Progress::failed;
}

ptrdiff_t MailConnection::read(Room& room) {
    if (tls_) {
        const ptrdiff_t got = tls_->read(room.data(), room.size());
        if (got == TlsClient::kFailed) failure_ = fmt::format("TLS: {}", tls_->failure());
        return got;
    }
    const ssize_t got = ::recv(socket_.get(), room.data(), room.size(), 0);
    if (got >= 0) return got;
    if (errno == EAGAIN || errno == EINTR) return TlsClient::kWaiting;
    fail("reading", errno);
    return TlsClient::kFailed;
}

ptrdiff_t MailConnection::write_plain(const SmtpOutput& output, size_t skip) {
    std::array<iovec, kPieces> pieces;
    msghdr message{};
    message.msg_iovlen = pieces_of(output, skip, pieces);
    message.msg_iov = pieces.data();
    const ssize_t put = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (put >= 0) return put;
    if (errno == EAGAIN || errno == EINTR) return TlsClient::kWaiting;
    fail("writing", errno);
    return TlsClient::kFailed;
}

// What stands together goes out in one record.
ptrdiff_t MailConnection::write_tls(const SmtpOutput& output, size_t skip, Room& scratch) {
    std::array<iovec, kPieces> pieces;
    const size_t count = pieces_of(output, skip, pieces);
    size_t filled = 0;
    for (size_t i = 0; i < count && filled < scratch.size(); ++i) {
        const size_t part = std::min(pieces[i].iov_len, scratch.size() - filled);
        std::memcpy(scratch.data() + filled, pieces[i].iov_base, part);
        filled += part;
    }
    const ptrdiff_t put = tls_->write(scratch.data(), filled);
    if (put == TlsClient::kFailed) failure_ = fmt::format("TLS: {}", tls_->failure());
    return put;
}

MailConnection::Progress MailConnection::write(SmtpOutput& output, Room& scratch) {
    while (sent_ < output.size()) {
        const ptrdiff_t put = tls_ ? write_tls(output, sent_, scratch) : write_plain(output, sent_);
        if (put == TlsClient::kWaiting) return Progress::waiting;
        if (put == TlsClient::kFailed) return Progress::failed;
        sent_ += static_cast<size_t>(put);
    }
    sent_ = 0;
    output.head.clear();
    output.body = {};
    output.tail.clear();
    return Progress::done;
}

void MailConnection::close() {
    tls_.reset();
    socket_.reset();
    sent_ = 0;
}

}  // namespace gatepost::tools
