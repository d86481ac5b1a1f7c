#include "dataplane/tls/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <new>

#include "dataplane/tls/tls_context.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

// What one call of the library takes: its lengths are ints.
constexpr size_t kCallMax = INT_MAX;

}  // namespace

// The library's way to the octets: straight from what was fed, straight to the sink.
struct TlsBio {
    static TlsSession& session_of(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* out, int length) {
        Bytes& fed = session_of(bio).fed_;
        BIO_clear_retry_flags(bio);
        if (fed.empty()) {
            BIO_set_retry_read(bio);
            return -1;
        }
        const size_t taken = std::min(fed.size(), static_cast<size_t>(length));
        std::memcpy(out, fed.data(), taken);
        fed = fed.subspan(taken);
        return static_cast<int>(taken);
    }

    static int write(BIO* bio, const char* octets, int length) {
        TlsSession& session = session_of(bio);
        BIO_clear_retry_flags(bio);
        const Bytes ciphertext(reinterpret_cast<const uint8_t*>(octets),
                               static_cast<size_t>(length));
        if (!session.error_.overrun && session.sink_.take(ciphertext)) return length;
        session.error_.overrun = true;
        return -1;
    }

    // The sink has everything at once.
    static long control(BIO* /*bio*/, int command, long /*argument*/, void* /*pointer*/) {
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }

    static const BIO_METHOD* method() {
        static const BIO_METHOD* const kMethod = [] {
            BIO_METHOD* made = BIO_meth_new(0, "tls session");
            GATEPOST_CHECK(made != nullptr);
            BIO_meth_set_read(made, read);
            BIO_meth_set_write(made, write);
            BIO_meth_set_ctrl(made, control);
            return made;
        }();
        return kMethod;
    }
};

std::unique_ptr<TlsSession> TlsSession::accept(TlsContext& context, TlsSink& sink) {
    std::unique_ptr<TlsSession> session(new (std::nothrow) TlsSession(sink));
    if (session == nullptr) return nullptr;
    session->ssl_ = SSL_new(context.raw());
    BIO* bio = BIO_new(TlsBio::method());
    if (session->ssl_ == nullptr || bio == nullptr) {
        BIO_free(bio);
        return nullptr;
    }
    BIO_set_data(bio, session.get());
    BIO_set_init(bio, 1);
    SSL_set_bio(session->ssl_, bio, bio);
    SSL_set_app_data(session->ssl_, session.get());
    SSL_set_accept_state(session->ssl_);
    // What only the handshake needs goes with it: an idle connection is small.
    SSL_set_shed_handshake_config(session->ssl_, 1);
    return session;
}

TlsSession::~TlsSession() {
    SSL_free(ssl_);
}

TlsStatus TlsSession::status_of(int result) {
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ:
            return TlsStatus::want_input;
        case SSL_ERROR_ZERO_RETURN:
            return TlsStatus::closed;
        default:
            failed_ = true;
            // The first one is the cause, those behind it say where it was noticed.
            error_.code = ERR_peek_error();
            error_.hello = hello_;
            ERR_clear_error();
            return TlsStatus::failed;
    }
}

TlsStatus TlsSession::handshake() {
    if (failed_) return TlsStatus::failed;
    const int result = SSL_do_handshake(ssl_);
    if (result == 1) return TlsStatus::done;
    const TlsStatus status = status_of(result);
    error_.closed = status == TlsStatus::closed;
    return status;
}

TlsStatus TlsSession::read(std::span<uint8_t> room, size_t& length) {
    GATEPOST_CHECK(!room.empty());
    length = 0;
    if (failed_) return TlsStatus::failed;
    const int result =
        SSL_read(ssl_, room.data(), static_cast<int>(std::min(room.size(), kCallMax)));
    if (result <= 0) return status_of(result);
    length = static_cast<size_t>(result);
    return TlsStatus::done;
}

bool TlsSession::write(Bytes plaintext) {
    if (failed_) return false;
    do {
        const size_t part = std::min(plaintext.size(), kCallMax);
        const int result = SSL_write(ssl_, plaintext.data(), static_cast<int>(part));
        // Without octets there is nothing but the handshake's rest to send, and 0 is a success.
        if (result < 0 || static_cast<size_t>(result) != part) {
            // Whatever the library wants, a sink that has taken everything cannot give it later.
            if (status_of(result) != TlsStatus::failed) failed_ = true;
            return false;
        }
        plaintext = plaintext.subspan(part);
    } while (!plaintext.empty());
    return true;
}

void TlsSession::close_notify() {
    if (failed_) return;
    // 0: it is sent, and the peer's has not come yet.
    if (SSL_shutdown(ssl_) < 0) ERR_clear_error();
}

storage::TlsFailure TlsSession::failure() const {
    return failed_ || error_.closed ? classify(error_) : storage::TlsFailure::none;
}

std::string TlsSession::error() const {
    return failed_ || error_.closed ? describe(error_) : std::string();
}

std::string_view TlsSession::version() const {
    return SSL_get_version(ssl_);
}

std::string_view TlsSession::cipher() const {
    const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_);
    return cipher != nullptr ? SSL_CIPHER_standard_name(cipher) : "";
}

std::string_view TlsSession::alpn() const {
    const uint8_t* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl_, &name, &length);
    return {reinterpret_cast<const char*>(name), length};
}

bool TlsSession::resumed() const {
    return SSL_session_reused(ssl_) == 1;
}

bool TlsSession::in_early_data() const {
    return SSL_in_early_data(ssl_) == 1;
}

bool TlsSession::export_channel_binding(std::span<uint8_t, 32> out) const {
    constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";  // RFC 9266 §2
    // With TLS 1.2 the octets are unique only under conditions (RFC 9266 §4.2), and implementations
    // differ in what an empty context is (RFC 5705 §4).
    if (failed_ || SSL_in_init(ssl_) == 1 || SSL_version(ssl_) != TLS1_3_VERSION) return false;
    const bool done = SSL_export_keying_material(ssl_, out.data(), out.size(), kLabel.data(),
                                                 kLabel.size(), nullptr, 0, 0) == 1;
    ERR_clear_error();
    return done;
}

}  // namespace gatepost::dataplane
