#include "tools/gatepost/imap_client/tls_trust.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "storage/password/base64.h"
#include "storage/password/digest.h"

namespace gatepost::tools {

namespace {

std::string last_reason() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "no reason given" : reason;
}

bool is_address(const std::string& host) {
    unsigned char room[sizeof(in6_addr)];
    return ::inet_pton(AF_INET, host.c_str(), room) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), room) == 1;
}

}  // namespace

void TlsTrust::Free::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}

Result<TlsTrust> TlsTrust::make(bool verifies) {
    TlsTrust trust;
    trust.context_.reset(SSL_CTX_new(TLS_client_method()));
    if (!trust.context_) return fail(ErrorCode::refused, "TLS: {}", last_reason());
    // RFC 8996: TLS 1.0 and 1.1 are no more.
    SSL_CTX_set_min_proto_version(trust.context(), TLS1_2_VERSION);
    SSL_CTX_set_mode(trust.context(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(trust.context(), verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    trust.verifies_ = verifies;
    return trust;
}

Result<TlsTrust> TlsTrust::authorities(const std::string& ca_file) {
    auto trust = make(true);
    if (!trust) return trust;
    if (ca_file.empty()) {
        if (SSL_CTX_set_default_verify_paths(trust->context()) == 1) return trust;
        return fail(ErrorCode::refused, "the authorities of this system: {}", last_reason());
    }
    if (SSL_CTX_load_verify_file(trust->context(), ca_file.c_str()) != 1)
        return fail(ErrorCode::usage, "{}: {}; expected certificates in PEM", ca_file,
                    last_reason());
    // What is named there is trusted itself: it need not be the root of the chain.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(trust->context()), X509_V_FLAG_PARTIAL_CHAIN);
    return trust;
}

Result<TlsTrust> TlsTrust::certificates(std::vector<std::string> fingerprints) {
    auto trust = make(false);
    if (trust) trust->fingerprints_ = std::move(fingerprints);
    return trust;
}

Result<TlsTrust> TlsTrust::anybody() {
    return make(false);
}

Status TlsTrust::prepare(ssl_st* ssl, const std::string& host) const {
    const bool address = is_address(host);
    // RFC 6066 §3: a name only. Where certificates are known by their fingerprints, it is not the
    // name that was asked for.
    if (!address && fingerprints_.empty())
        SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(host.c_str()));
    if (!verifies_) return {};
    X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str())
                            : X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size());
    if (set == 1) return {};
    return fail(ErrorCode::usage, "\"{}\" cannot be the name of a server", host);
}

Status TlsTrust::check(ssl_st* ssl) const {
    if (fingerprints_.empty()) return {};
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl),
                                                                  X509_free);
    unsigned char* der = nullptr;
    const int size = certificate ? i2d_X509(certificate.get(), &der) : 0;
    if (size <= 0) return fail(ErrorCode::unreachable, "no certificate was shown");
    const std::string octets(reinterpret_cast<char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
    const std::string seen =
        storage::encode_hex(storage::digest(storage::DigestKind::sha256, {octets}));
    if (std::ranges::find(fingerprints_, seen) != fingerprints_.end()) return {};
    return fail(ErrorCode::unreachable,
                "the certificate shown (SHA-256 {}) is none of this Gatepost's: does another "
                "program listen there?",
                seen);
}

Error TlsTrust::explain(ssl_st* ssl, const std::string& host, const std::string& failure) const {
    const long verified = verifies_ ? SSL_get_verify_result(ssl) : X509_V_OK;
    ERR_clear_error();
    if (verified == X509_V_OK)
        return {ErrorCode::unreachable,
                fmt::format("TLS with {} failed: {}; does it speak TLS 1.2 or 1.3 there?", host,
                            failure)};
    const char* why = X509_verify_cert_error_string(verified);
    const bool name =
        verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH;
    const bool time =
        verified == X509_V_ERR_CERT_HAS_EXPIRED || verified == X509_V_ERR_CERT_NOT_YET_VALID;
    const std::string_view next =
        name   ? "use the name that its certificate is for"
        : time ? "its certificate is to be renewed, or this host's clock to be set"
               : "where it has an authority of its own, name that with --ca-file";
    return {ErrorCode::unreachable,
            fmt::format("{} cannot prove who it is: {}. No password was sent. What to do: {}, or, "
                        "where nobody can be in between, --insecure",
                        host, why, next)};
}

}  // namespace gatepost::tools
