#include "tools/load/mail/tls_client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "storage/base/check.h"

namespace gatepost::tools {

void TlsClientContext::Free::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}

void TlsClient::Free::operator()(ssl_st* ssl) const {
    SSL_free(ssl);
}

TlsClientContext::TlsClientContext() : context_(SSL_CTX_new(TLS_method())) {
    GATEPOST_CHECK(context_ != nullptr);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    // RFC 7435: opportunistic, as between mail servers without DANE and MTA-STS.
    SSL_CTX_set_custom_verify(context_.get(), SSL_VERIFY_PEER,
                              [](SSL*, uint8_t*) { return ssl_verify_ok; });
    SSL_CTX_set_mode(context_.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

TlsClient::TlsClient(const TlsClientContext& context, int socket) : ssl_(SSL_new(context.get())) {
    GATEPOST_CHECK(ssl_ != nullptr && SSL_set_fd(ssl_.get(), socket) == 1);
    SSL_set_connect_state(ssl_.get());
    SSL_set_shed_handshake_config(ssl_.get(), 1);
}

ptrdiff_t TlsClient::explain(int result) {
    const int why = SSL_get_error(ssl_.get(), result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return kWaiting;
    if (why == SSL_ERROR_ZERO_RETURN) return 0;
    const uint32_t library = ERR_peek_last_error();
    const char* reason = library != 0 ? ERR_reason_error_string(library)
                         : errno != 0 ? std::strerror(errno)
                                      : "the connection was closed";
    failure_ = reason == nullptr ? "TLS error" : reason;
    ERR_clear_error();
    return kFailed;
}

TlsClient::Progress TlsClient::handshake() {
    errno = 0;
    const int done = SSL_do_handshake(ssl_.get());
    if (done == 1) return Progress::done;
    return explain(done) == kWaiting ? Progress::waiting : Progress::failed;
}

ptrdiff_t TlsClient::read(uint8_t* room, size_t size) {
    errno = 0;
    const int got = SSL_read(ssl_.get(), room, static_cast<int>(std::min<size_t>(size, INT_MAX)));
    return got > 0 ? got : explain(got);
}

ptrdiff_t TlsClient::write(const uint8_t* octets, size_t size) {
    errno = 0;
    const int put =
        SSL_write(ssl_.get(), octets, static_cast<int>(std::min<size_t>(size, INT_MAX)));
    if (put > 0) return put;
    const ptrdiff_t why = explain(put);
    return why == 0 ? kFailed : why;
}

}  // namespace gatepost::tools
