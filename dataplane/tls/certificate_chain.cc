#include "dataplane/tls/certificate_chain.h"

#include <openssl/bytestring.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pool.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace gatepost::dataplane {

struct CertificateChain::Parts {
    std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> certificates;
    std::vector<CRYPTO_BUFFER*> raw;  // the same, as the library takes them
    bssl::UniquePtr<EVP_PKEY> key;
    std::vector<uint8_t> ocsp_response;
    int key_type = 0;              // EVP_PKEY_…
    uint16_t group = 0;            // of an EC key: the curve's number in TLS
    uint16_t ecdsa_signature = 0;  // and the algorithm for it in TLS 1.3
};

namespace {

struct Curve {
    int nid;
    uint16_t group;      // RFC 8446 §4.2.7
    uint16_t signature;  // RFC 8446 §4.2.3
};
constexpr Curve kCurves[] = {
    {NID_X9_62_prime256v1, SSL_CURVE_SECP256R1, SSL_SIGN_ECDSA_SECP256R1_SHA256},
    {NID_secp384r1, SSL_CURVE_SECP384R1, SSL_SIGN_ECDSA_SECP384R1_SHA384},
    {NID_secp521r1, SSL_CURVE_SECP521R1, SSL_SIGN_ECDSA_SECP521R1_SHA512},
};
constexpr uint16_t kRsaPss[] = {SSL_SIGN_RSA_PSS_RSAE_SHA256, SSL_SIGN_RSA_PSS_RSAE_SHA384,
                                SSL_SIGN_RSA_PSS_RSAE_SHA512};
constexpr uint16_t kRsaPkcs1[] = {SSL_SIGN_RSA_PKCS1_SHA256, SSL_SIGN_RSA_PKCS1_SHA384,
                                  SSL_SIGN_RSA_PKCS1_SHA512};

bool any_of(const ClientOffer& offer, const uint16_t (&algorithms)[3]) {
    return std::any_of(std::begin(algorithms), std::end(algorithms),
                       [&](uint16_t each) { return offer.has_signature(each); });
}

std::string library_reason() {
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return reason != nullptr ? reason : "unknown reason";
}

Result<bssl::UniquePtr<EVP_PKEY>> parse_key(Bytes octets) {
    CBS cbs;
    CBS_init(&cbs, octets.data(), octets.size());
    bssl::UniquePtr<EVP_PKEY> key(EVP_parse_private_key(&cbs));
    if (key == nullptr || CBS_len(&cbs) != 0)
        return fail(ErrorCode::invalid, "its private key is not PKCS #8 in DER ({})",
                    library_reason());
    return key;
}

// With X.509 in full, unlike the handshakes: so that what a client would trip over is found here.
Status check_leaf(CRYPTO_BUFFER* leaf, const EVP_PKEY* key) {
    bssl::UniquePtr<X509> certificate(X509_parse_from_buffer(leaf));
    bssl::UniquePtr<EVP_PKEY> public_key(X509_get_pubkey(certificate.get()));
    if (public_key == nullptr)
        return fail(ErrorCode::invalid, "its public key is of a kind that TLS cannot use ({})",
                    library_reason());
    if (EVP_PKEY_cmp(public_key.get(), key) != 1) {
        ERR_clear_error();
        return fail(ErrorCode::invalid,
                    "the private key belongs to another certificate: import the two together");
    }
    // RFC 8446 §4.4.2.2: the certificate must allow signatures.
    if ((X509_get_key_usage(certificate.get()) & KU_DIGITAL_SIGNATURE) == 0)
        return fail(ErrorCode::invalid, "its key usage does not allow digital signatures");
    return {};
}

}  // namespace

CertificateChain::CertificateChain(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CertificateChain::CertificateChain(CertificateChain&& other) noexcept = default;
CertificateChain& CertificateChain::operator=(CertificateChain&& other) noexcept = default;
CertificateChain::~CertificateChain() = default;

Result<CertificateChain> CertificateChain::load(const std::vector<Bytes>& chain, Bytes key,
                                                Bytes ocsp_response) {
    if (chain.empty()) return fail(ErrorCode::invalid, "there is no certificate in it");
    auto loaded = std::make_unique<Parts>();
    for (Bytes der : chain) {
        bssl::UniquePtr<CRYPTO_BUFFER> buffer(CRYPTO_BUFFER_new(der.data(), der.size(), nullptr));
        bssl::UniquePtr<X509> parsed(buffer ? X509_parse_from_buffer(buffer.get()) : nullptr);
        if (parsed == nullptr)
            return fail(ErrorCode::invalid, "certificate {} of the chain does not parse ({})",
                        loaded->certificates.size() + 1, library_reason());
        loaded->raw.push_back(buffer.get());
        loaded->certificates.push_back(std::move(buffer));
    }
    auto parsed_key = parse_key(key);
    if (!parsed_key) return tl::unexpected(std::move(parsed_key.error()));
    loaded->key = std::move(*parsed_key);
    if (Status status = check_leaf(loaded->raw[0], loaded->key.get()); !status)
        return tl::unexpected(std::move(status.error()));

    loaded->key_type = EVP_PKEY_id(loaded->key.get());
    if (loaded->key_type == EVP_PKEY_EC) {
        const EC_KEY* ec = EVP_PKEY_get0_EC_KEY(loaded->key.get());
        const int nid = EC_GROUP_get_curve_name(EC_KEY_get0_group(ec));
        const auto* curve = std::find_if(std::begin(kCurves), std::end(kCurves),
                                         [nid](const Curve& each) { return each.nid == nid; });
        if (curve == std::end(kCurves))
            return fail(ErrorCode::invalid, "its curve is none of P-256, P-384 and P-521");
        loaded->group = curve->group;
        loaded->ecdsa_signature = curve->signature;
    } else if (loaded->key_type != EVP_PKEY_RSA && loaded->key_type != EVP_PKEY_ED25519) {
        return fail(ErrorCode::invalid, "its key is neither ECDSA, RSA nor Ed25519");
    }
    loaded->ocsp_response.assign(ocsp_response.begin(), ocsp_response.end());
    return CertificateChain(std::move(loaded));
}

bool CertificateChain::suits(const ClientOffer& offer) const {
    switch (parts_->key_type) {
        case EVP_PKEY_EC:
            if (offer.tls13) return offer.has_signature(parts_->ecdsa_signature);
            // RFC 8422 §5.1: in TLS 1.2 the hash goes with any curve, and the groups limit the
            // certificate's.
            return offer.ecdsa_ciphers && offer.has_group(parts_->group) &&
                   std::any_of(std::begin(kCurves), std::end(kCurves), [&](const Curve& each) {
                       return offer.has_signature(each.signature);
                   });
        case EVP_PKEY_ED25519:
            return offer.has_signature(SSL_SIGN_ED25519) && (offer.tls13 || offer.ecdsa_ciphers);
        case EVP_PKEY_RSA:
            if (offer.tls13) return any_of(offer, kRsaPss);
            return offer.rsa_ciphers && (any_of(offer, kRsaPss) || any_of(offer, kRsaPkcs1));
    }
    return false;
}

bool CertificateChain::install(SSL* ssl) const {
    return SSL_set_chain_and_key(ssl, parts_->raw.data(), parts_->raw.size(), parts_->key.get(),
                                 nullptr) == 1 &&
           (parts_->ocsp_response.empty() ||
            SSL_set_ocsp_response(ssl, parts_->ocsp_response.data(),
                                  parts_->ocsp_response.size()) == 1);
}

}  // namespace gatepost::dataplane
