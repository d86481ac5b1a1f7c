#include "dataplane/tls/tls_context.h"

#include <openssl/aead.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#include "dataplane/tls/client_offer.h"
#include "dataplane/tls/loaded_identity.h"
#include "dataplane/tls/tls_session.h"

namespace gatepost::dataplane {

namespace {

// TLS 1.2 with forward secrecy and an AEAD only (RFC 9325 §4.2). TLS 1.3 has nothing else, and
// chooses among the same by the same rule.
constexpr const char* kCiphersAesFirst =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kCiphersChaChaFirst =
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
constexpr const char* kGroups = "X25519:P-256:P-384";
// The library's own order without SHA-1 (RFC 9155 §4).
constexpr uint16_t kSignatures[] = {
    SSL_SIGN_ED25519,          SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_SIGN_RSA_PSS_RSAE_SHA256,
    SSL_SIGN_RSA_PKCS1_SHA256, SSL_SIGN_ECDSA_SECP384R1_SHA384, SSL_SIGN_RSA_PSS_RSAE_SHA384,
    SSL_SIGN_RSA_PKCS1_SHA384, SSL_SIGN_ECDSA_SECP521R1_SHA512, SSL_SIGN_RSA_PSS_RSAE_SHA512,
    SSL_SIGN_RSA_PKCS1_SHA512,
};
// In TLS 1.3, each good for one connection (RFC 8446, appendix C.4); each connection brings more.
// Browsers open several connections at once, the other clients one after another.
constexpr size_t kTicketsBrowser = 2;
constexpr size_t kTicketsOther = 1;

}  // namespace

// What the library calls in the course of a handshake.
struct TlsCallbacks {
    static TlsContext& context_of(const SSL* ssl) {
        return *static_cast<TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    }

    static ssl_select_cert_result_t select_certificate(const SSL_CLIENT_HELLO* hello) {
        SSL* ssl = hello->ssl;
        TlsContext& context = context_of(ssl);
        auto& session = *static_cast<TlsSession*>(SSL_get_app_data(ssl));
        session.hello_ = true;
        const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        if (name != nullptr) session.server_name_ = clean_server_name(name);
        const ClientOffer offer = read_client_offer(*hello);
        // In TLS 1.2 the server's order of ciphers counts. In TLS 1.3 it does in any case, and the
        // option would bring in the server's order of groups: a client that sent a share of another
        // group that is as good would have to send a second ClientHello.
        if (!offer.tls13) SSL_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);

        const LoadedIdentity& identity =
            context.identities_.find(session.server_name_, context.options_.service);
        const bool done = identity.choose(offer).install(ssl) && bind_tickets(ssl, session);
        return done ? ssl_select_cert_success : ssl_select_cert_error;
    }

    // A ticket is good for the service and the name that it was made for, and nothing else: RFC
    // 6066 §3 demands it of TLS 1.2, and a session of one protocol must not become one of another.
    static bool bind_tickets(SSL* ssl, const TlsSession& session) {
        const auto service = static_cast<uint8_t>(context_of(ssl).options_.service);
        std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
        static_assert(SHA256_DIGEST_LENGTH <= SSL_MAX_SID_CTX_LENGTH);
        SHA256_CTX sha;
        SHA256_Init(&sha);
        SHA256_Update(&sha, &service, 1);
        SHA256_Update(&sha, session.server_name_.data(), session.server_name_.size());
        SHA256_Final(digest.data(), &sha);
        return SSL_set_session_id_context(ssl, digest.data(), digest.size()) == 1;
    }

    // Tells the client that its name was understood (RFC 6066 §3).
    static int acknowledge_name(SSL* ssl, int* /*alert*/, void* /*argument*/) {
        const auto& session = *static_cast<const TlsSession*>(SSL_get_app_data(ssl));
        return session.server_name_.empty() ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_OK;
    }

    static int select_protocol(SSL* ssl, const uint8_t** out, uint8_t* out_length,
                               const uint8_t* offered, unsigned offered_length, void* /*unused*/) {
        const std::vector<uint8_t>& ours = context_of(ssl).alpn_wire_;
        uint8_t* selected = nullptr;
        // The first of ours that the client has.
        const int result =
            SSL_select_next_proto(&selected, out_length, ours.data(),
                                  static_cast<unsigned>(ours.size()), offered, offered_length);
        if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
        *out = selected;
        return SSL_TLSEXT_ERR_OK;
    }

    static int ticket_key(SSL* ssl, uint8_t* name, uint8_t* iv, EVP_CIPHER_CTX* cipher,
                          HMAC_CTX* hmac, int encrypt) {
        const TicketKeys& keys = context_of(ssl).tickets_;
        bool is_current = true;
        const TicketKey* key = encrypt != 0 ? &keys.current() : keys.find(name, is_current);
        if (key == nullptr) return 0;  // a full handshake then
        if (encrypt != 0) {
            std::memcpy(name, key->name.data(), key->name.size());
            RAND_bytes(iv, EVP_CIPHER_iv_length(EVP_aes_128_cbc()));
        }
        if (EVP_CipherInit_ex(cipher, EVP_aes_128_cbc(), nullptr, key->aes.data(), iv, encrypt) !=
                1 ||
            HMAC_Init_ex(hmac, key->hmac.data(), key->hmac.size(), EVP_sha256(), nullptr) != 1)
            return -1;
        return is_current ? 1 : 2;  // 2: TLS 1.2 gives the client a new ticket
    }
};

namespace {

Result<std::vector<uint8_t>> alpn_wire(const std::vector<std::string>& protocols) {
    std::vector<uint8_t> wire;
    for (const std::string& protocol : protocols) {
        if (protocol.empty() || protocol.size() > 255)  // RFC 7301 §3.1
            return fail(ErrorCode::usage, "the ALPN protocol name '{}' is not 1 to 255 octets long",
                        protocol);
        wire.push_back(static_cast<uint8_t>(protocol.size()));
        wire.insert(wire.end(), protocol.begin(), protocol.end());
    }
    return wire;
}

bool configure(SSL_CTX* context, const TlsOptions& options) {
    SSL_CTX_set_early_data_enabled(context, options.early_data ? 1 : 0);
    // Tickets only: nothing is kept here for a client that has gone.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, kTicketLifeS);
    SSL_CTX_set_session_psk_dhe_timeout(context, kTicketLifeS);
    const char* ciphers = EVP_has_aes_hardware() != 0 ? kCiphersAesFirst : kCiphersChaChaFirst;
    return SSL_CTX_set_min_proto_version(context,
                                         options.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_strict_cipher_list(context, ciphers) == 1 &&
           SSL_CTX_set1_curves_list(context, kGroups) == 1 &&
           SSL_CTX_set_signing_algorithm_prefs(context, kSignatures, std::size(kSignatures)) == 1 &&
           SSL_CTX_set_num_tickets(context, options.service == storage::Service::https
                                                ? kTicketsBrowser
                                                : kTicketsOther) == 1;
}

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::create(const TlsOptions& options,
                                                       IdentitySource& identities,
                                                       const TicketKeys& tickets) {
    auto wire = alpn_wire(options.alpn);
    if (!wire) return tl::unexpected(std::move(wire.error()));
    std::unique_ptr<TlsContext> made(new TlsContext(options, identities, tickets));
    made->alpn_wire_ = std::move(*wire);
    // Certificates stay octets: the library does not parse them with X.509 at each handshake.
    made->context_ = SSL_CTX_new(TLS_with_buffers_method());
    if (made->context_ == nullptr || !configure(made->context_, options)) {
        const char* reason = ERR_reason_error_string(ERR_peek_error());
        ERR_clear_error();
        return fail(ErrorCode::refused, "setting up TLS failed ({})",
                    reason != nullptr ? reason : "unknown reason");
    }
    SSL_CTX_set_app_data(made->context_, made.get());
    SSL_CTX_set_select_certificate_cb(made->context_, TlsCallbacks::select_certificate);
    SSL_CTX_set_tlsext_servername_callback(made->context_, TlsCallbacks::acknowledge_name);
    SSL_CTX_set_tlsext_ticket_key_cb(made->context_, TlsCallbacks::ticket_key);
    if (!made->alpn_wire_.empty())
        SSL_CTX_set_alpn_select_cb(made->context_, TlsCallbacks::select_protocol, nullptr);
    return made;
}

TlsContext::~TlsContext() {
    SSL_CTX_free(context_);
}

}  // namespace gatepost::dataplane
