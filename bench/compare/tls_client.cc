#include "bench/compare/tls_client.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "storage/base/check.h"

namespace gatepost::bench {

ClientSide::ClientSide() : context_(SSL_CTX_new(TLS_with_buffers_method())) {
    GATEPOST_CHECK(context_ != nullptr);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
    // The certificate's signature is of no interest; the handshake's is always checked.
    SSL_CTX_set_custom_verify(context_.get(), SSL_VERIFY_PEER,
                              [](SSL*, uint8_t*) { return ssl_verify_ok; });
    SSL_CTX_set_session_cache_mode(context_.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(context_.get(), this);
    SSL_CTX_sess_set_new_cb(context_.get(), [](SSL* ssl, SSL_SESSION* session) {
        auto* side = static_cast<ClientSide*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
        side->ticket_.reset(session);
        return 1;
    });
}

void ClientSide::set_query(const std::string& name) {
    query_.clear();
    if (name.empty()) return;
    query_ = {0, 0, 0x47, 0x50, 0x00, 0x00, 0, 1, 0, 0, 0, 0, 0, 0};
    for (size_t at = 0; at < name.size();) {
        const size_t end = std::min(name.find('.', at), name.size());
        if (end == at) break;
        query_.push_back(static_cast<uint8_t>(end - at));
        query_.insert(query_.end(), name.begin() + static_cast<ptrdiff_t>(at),
                      name.begin() + static_cast<ptrdiff_t>(end));
        at = end + 1;
    }
    for (uint8_t octet : {0, 0, 1, 0, 1}) query_.push_back(octet);
    query_[1] = static_cast<uint8_t>(query_.size() - 2);
}

TlsClient::State TlsClient::fail(const char* what, int error) {
    const uint32_t library = ERR_peek_last_error();
    const char* reason = library != 0 ? ERR_reason_error_string(library) : std::strerror(error);
    failure_ = fmt::format("{}: {}", what, reason == nullptr ? "?" : reason);
    ERR_clear_error();
    ssl_.reset();
    fd_.reset();
    return State::failed;
}

bool TlsClient::open(unsigned source) {
    fd_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd_) {
        fail("socket", errno);
        return false;
    }
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(0x7F000101 + source % side_.sources);
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
        (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&side_.server),
                   sizeof side_.server) != 0 &&
         errno != EINPROGRESS)) {
        fail("connect", errno);
        return false;
    }
    return true;
}

bool TlsClient::start_tls() {
    ssl_.reset(SSL_new(side_.context()));
    if (!ssl_ || SSL_set_fd(ssl_.get(), fd_.get()) != 1) return false;
    SSL_set_connect_state(ssl_.get());
    // What only the handshake needs is not kept: thousands of these may lie idle.
    SSL_set_shed_handshake_config(ssl_.get(), 1);
    if (side_.resume && side_.ticket() != nullptr) SSL_set_session(ssl_.get(), side_.ticket());
    return true;
}

TlsClient::State TlsClient::advance() {
    switch (stage_) {
        case Stage::connecting: {
            int error = 0;
            socklen_t size = sizeof error;
            ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
            if (error != 0) return fail("connect", error);
            sockaddr_in peer{};
            size = sizeof peer;
            if (::getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &size) != 0)
                return State::under_way;
            if (side_.plain) return finish();
            if (!start_tls()) return fail("SSL_new", ENOMEM);
            stage_ = Stage::shaking;
            return shake();
        }
        case Stage::shaking:
            return shake();
        case Stage::asking:
            return ask();
        case Stage::holding:
            return stay();
        case Stage::closing:
            return await_end();
    }
    return State::failed;
}

TlsClient::State TlsClient::shake() {
    const int done = SSL_do_handshake(ssl_.get());
    if (done != 1) {
        const int why = SSL_get_error(ssl_.get(), done);
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return State::under_way;
        return fail("handshake", errno != 0 ? errno : ECONNRESET);
    }
    resumed_ = SSL_session_reused(ssl_.get()) == 1;
    return finish();
}

// The connection stands: what is to be done with it.
TlsClient::State TlsClient::finish() {
    if (stage_ != Stage::asking && !side_.query().empty()) {
        stage_ = Stage::asking;
        if (!send_query()) return fail("query", errno);
        return ask();
    }
    if (side_.hold) {
        stage_ = Stage::holding;
        return stay();
    }
    stage_ = Stage::closing;
    if (ssl_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
    ::shutdown(fd_.get(), SHUT_WR);
    return await_end();
}

bool TlsClient::send_query() {
    const std::vector<uint8_t>& query = side_.query();
    const auto size = static_cast<int>(query.size());
    if (ssl_) return SSL_write(ssl_.get(), query.data(), size) == size;
    return ::send(fd_.get(), query.data(), query.size(), MSG_NOSIGNAL) == size;
}

TlsClient::Got TlsClient::read(uint8_t* room, size_t size, size_t& length) {
    const ssize_t got = ssl_ ? SSL_read(ssl_.get(), room, static_cast<int>(size))
                             : ::recv(fd_.get(), room, size, 0);
    length = got > 0 ? static_cast<size_t>(got) : 0;
    if (got > 0) return Got::octets;
    if (ssl_) {
        const int why = SSL_get_error(ssl_.get(), static_cast<int>(got));
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return Got::nothing;
        return why == SSL_ERROR_ZERO_RETURN ? Got::end : Got::failed;
    }
    if (got == 0) return Got::end;
    return errno == EAGAIN ? Got::nothing : Got::failed;
}

TlsClient::State TlsClient::ask() {
    uint8_t room[4096];
    size_t length = 0;
    for (;;) {
        const Got got = read(room, sizeof room, length);
        if (got == Got::nothing) return State::under_way;
        if (got != Got::octets) return fail("answer", ECONNRESET);
        for (size_t i = 0; i < length && answer_ + i < sizeof length_; ++i)
            length_[answer_ + i] = room[i];
        answer_ += length;
        if (answer_ >= sizeof length_)
            expected_ = sizeof length_ + size_t{length_[0]} * 256 + length_[1];
        if (answer_ >= expected_ && expected_ > sizeof length_) return finish();
    }
}

TlsClient::State TlsClient::stay() {
    uint8_t room[512];
    size_t length = 0;
    for (;;) {
        switch (read(room, sizeof room, length)) {
            case Got::octets:
                break;
            case Got::nothing:
                return State::held;
            case Got::end:
            case Got::failed:
                ERR_clear_error();
                ssl_.reset();
                fd_.reset();
                return State::over;
        }
    }
}

// The server's last words are not worth decrypting; its end of the connection is.
TlsClient::State TlsClient::await_end() {
    uint8_t room[4096];
    for (;;) {
        const ssize_t got = ::recv(fd_.get(), room, sizeof room, 0);
        if (got > 0) continue;
        if (got < 0 && errno == EAGAIN) return State::under_way;
        ssl_.reset();
        fd_.reset();
        return State::over;
    }
}

}  // namespace gatepost::bench
