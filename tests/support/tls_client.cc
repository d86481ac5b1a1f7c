#include "tests/support/tls_client.h"

#include <gtest/gtest.h>
#include <openssl/aead.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pool.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace gatepost::tests {

struct TlsClientCallbacks {
    static int new_session(SSL* ssl, SSL_SESSION* session) {
        static_cast<TlsClient*>(SSL_get_app_data(ssl))->ticket_ =
            TlsTicket(session, SSL_SESSION_free);
        return 1;  // taken
    }
    static ssl_verify_result_t accept_any(SSL* /*ssl*/, uint8_t* /*alert*/) {
        return ssl_verify_ok;
    }
};

TlsClient::TlsClient(const TlsClientOptions& options)
    : context_(SSL_CTX_new(TLS_with_buffers_method())) {
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_, TlsClientCallbacks::new_session);
    SSL_CTX_set_custom_verify(context_, SSL_VERIFY_PEER, TlsClientCallbacks::accept_any);
    EXPECT_EQ(SSL_CTX_set_min_proto_version(context_, options.version_min), 1);
    EXPECT_EQ(SSL_CTX_set_max_proto_version(context_, options.version_max), 1);
    ssl_ = SSL_new(context_);
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_, in_, out_);
    SSL_set_app_data(ssl_, this);
    SSL_set_connect_state(ssl_);
    SSL_enable_ocsp_stapling(ssl_);
    SSL_set_early_data_enabled(ssl_, options.early_data ? 1 : 0);
    if (!options.server_name.empty()) {
        EXPECT_EQ(SSL_set_tlsext_host_name(ssl_, options.server_name.c_str()), 1);
    }
    std::vector<uint8_t> wire;
    for (const std::string& protocol : options.alpn) {
        wire.push_back(static_cast<uint8_t>(protocol.size()));
        wire.insert(wire.end(), protocol.begin(), protocol.end());
    }
    if (!wire.empty()) {
        EXPECT_EQ(SSL_set_alpn_protos(ssl_, wire.data(), wire.size()), 0);
    }
    if (!options.signature_algorithms.empty()) {
        EXPECT_EQ(SSL_set_verify_algorithm_prefs(ssl_, options.signature_algorithms.data(),
                                                 options.signature_algorithms.size()),
                  1);
    }
    if (!options.ciphers.empty()) {
        EXPECT_EQ(SSL_set_strict_cipher_list(ssl_, options.ciphers.c_str()), 1);
    }
    if (!options.groups.empty()) {
        EXPECT_EQ(SSL_set1_curves_list(ssl_, options.groups.c_str()), 1);
    }
    if (options.ticket) {
        EXPECT_EQ(SSL_set_session(ssl_, options.ticket.get()), 1);
    }
}

TlsClient::~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
}

bool TlsClient::note(int result) {
    if (result > 0) return true;
    const int kind = SSL_get_error(ssl_, result);
    if (kind == SSL_ERROR_ZERO_RETURN) closed_ = true;
    if (kind == SSL_ERROR_SSL && error_.empty()) {
        const char* reason = ERR_reason_error_string(ERR_peek_error());
        error_ = reason != nullptr ? reason : "?";
    }
    ERR_clear_error();
    return false;
}

bool TlsClient::handshake() {
    return error_.empty() && note(SSL_do_handshake(ssl_));
}

void TlsClient::feed(Bytes ciphertext) {
    if (ciphertext.empty()) return;
    EXPECT_EQ(BIO_write(in_, ciphertext.data(), static_cast<int>(ciphertext.size())),
              static_cast<int>(ciphertext.size()));
}

std::vector<uint8_t> TlsClient::take_output() {
    const uint8_t* octets = nullptr;
    size_t length = 0;
    BIO_mem_contents(out_, &octets, &length);
    std::vector<uint8_t> taken(octets, octets + length);
    BIO_reset(out_);
    return taken;
}

bool TlsClient::write(std::string_view plaintext) {
    return note(SSL_write(ssl_, plaintext.data(), static_cast<int>(plaintext.size())));
}

std::string TlsClient::read() {
    std::string all;
    std::array<char, 16384> room;
    for (;;) {
        const int length = SSL_read(ssl_, room.data(), room.size());
        if (!note(length)) return all;
        all.append(room.data(), static_cast<size_t>(length));
    }
}

void TlsClient::close_notify() {
    SSL_shutdown(ssl_);
    ERR_clear_error();
}

std::string TlsClient::version() const {
    return SSL_get_version(ssl_);
}

std::string TlsClient::cipher() const {
    const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_);
    return cipher != nullptr ? SSL_CIPHER_standard_name(cipher) : "";
}

std::string TlsClient::alpn() const {
    const uint8_t* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl_, &name, &length);
    return {reinterpret_cast<const char*>(name), length};
}

bool TlsClient::resumed() const {
    return SSL_session_reused(ssl_) == 1;
}

bool TlsClient::early_data_accepted() const {
    return SSL_early_data_accepted(ssl_) == 1;
}

uint16_t TlsClient::signature_algorithm() const {
    return SSL_get_peer_signature_algorithm(ssl_);
}

std::vector<std::vector<uint8_t>> TlsClient::certificates() const {
    std::vector<std::vector<uint8_t>> chain;
    const STACK_OF(CRYPTO_BUFFER)* stack = SSL_get0_peer_certificates(ssl_);
    for (size_t i = 0; i < sk_CRYPTO_BUFFER_num(stack); ++i) {
        const CRYPTO_BUFFER* each = sk_CRYPTO_BUFFER_value(stack, i);
        chain.emplace_back(CRYPTO_BUFFER_data(each),
                           CRYPTO_BUFFER_data(each) + CRYPTO_BUFFER_len(each));
    }
    return chain;
}

std::string TlsClient::ocsp_response() const {
    const uint8_t* octets = nullptr;
    size_t length = 0;
    SSL_get0_ocsp_response(ssl_, &octets, &length);
    return {reinterpret_cast<const char*>(octets), length};
}

std::vector<uint8_t> TlsClient::channel_binding() const {
    constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
    std::vector<uint8_t> out(32);
    EXPECT_EQ(SSL_export_keying_material(ssl_, out.data(), out.size(), kLabel.data(), kLabel.size(),
                                         nullptr, 0, 0),
              1);
    return out;
}

std::vector<uint8_t> TlsClient::make_renegotiation_request() {
    // RFC 5288: the key block is both keys of 16 octets, then both salts of 4.
    std::vector<uint8_t> block(SSL_get_key_block_len(ssl_));
    EXPECT_EQ(block.size(), 40U);
    EXPECT_EQ(SSL_generate_key_block(ssl_, block.data(), block.size()), 1);
    uint8_t nonce[12];
    std::copy(block.begin() + 32, block.begin() + 36, nonce);
    store_be64(nonce + 4, SSL_get_write_sequence(ssl_));

    // A ClientHello: type, length, version, random; no session, one cipher, no compression.
    std::array<uint8_t, 4 + 2 + 32 + 7> hello{1, 0, 0, 41, 3, 3};
    constexpr uint8_t kRest[] = {0, 0, 2, 0xc0, 0x2b, 1, 0};
    std::copy(std::begin(kRest), std::end(kRest), hello.end() - sizeof kRest);

    uint8_t additional[13];
    store_be64(additional, SSL_get_write_sequence(ssl_));
    additional[8] = 22;  // handshake
    additional[9] = 3;
    additional[10] = 3;
    store_be16(additional + 11, static_cast<uint16_t>(hello.size()));
    constexpr size_t kHeader = 5;
    constexpr size_t kExplicitNonce = 8;
    constexpr size_t kTag = 16;
    std::vector<uint8_t> record(kHeader + kExplicitNonce + hello.size() + kTag);
    std::copy(additional + 8, additional + 11, record.begin());
    store_be16(record.data() + 3, static_cast<uint16_t>(record.size() - kHeader));
    std::copy(nonce + 4, nonce + 12, record.begin() + kHeader);
    uint8_t* ciphertext = record.data() + kHeader + kExplicitNonce;
    bssl::ScopedEVP_AEAD_CTX aead;
    size_t sealed = 0;
    EXPECT_EQ(
        EVP_AEAD_CTX_init(aead.get(), EVP_aead_aes_128_gcm(), block.data(), 16, kTag, nullptr), 1);
    EXPECT_EQ(
        EVP_AEAD_CTX_seal(aead.get(), ciphertext, &sealed, hello.size() + kTag, nonce, sizeof nonce,
                          hello.data(), hello.size(), additional, sizeof additional),
        1);
    return record;
}

}  // namespace gatepost::tests
