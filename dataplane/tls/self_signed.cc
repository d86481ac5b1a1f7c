#include "dataplane/tls/self_signed.h"

#include <openssl/bytestring.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <utility>

#include "dataplane/tls/loaded_identity.h"
namespace gatepost::dataplane {

namespace {

// Clients whose clocks are behind ours.
constexpr int64_t kBackdatedS = 24 * 3600;

bssl::UniquePtr<EVP_PKEY> make_key() {
    bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
    bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
    if (ec == nullptr || key == nullptr || EC_KEY_generate_key(ec.get()) != 1 ||
        EVP_PKEY_set1_EC_KEY(key.get(), ec.get()) != 1)
        return nullptr;
    return key;
}

bool set_serial(X509* certificate) {
    // RFC 5280 §4.1.2.2: positive, at most 20 octets.
    uint8_t octets[16];
    RAND_bytes(octets, sizeof octets);
    octets[0] = static_cast<uint8_t>((octets[0] & 0x7fU) | 0x40U);
    bssl::UniquePtr<BIGNUM> number(BN_bin2bn(octets, sizeof octets, nullptr));
    return number != nullptr &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate, const std::string& name) {
    constexpr size_t kCommonNameMax = 64;  // RFC 5280, appendix A.1
    X509_NAME* subject = X509_get_subject_name(certificate);
    const std::string text = name.size() <= kCommonNameMax ? name : "gatepost";
    return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                      reinterpret_cast<const uint8_t*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
    bssl::UniquePtr<X509_EXTENSION> extension(
        X509V3_EXT_nconf_nid(nullptr, nullptr, nid, value.c_str()));
    return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool add_names(X509* certificate, const std::vector<std::string>& names) {
    bssl::UniquePtr<GENERAL_NAMES> list(GENERAL_NAMES_new());
    if (list == nullptr) return false;
    for (const std::string& name : names) {
        bssl::UniquePtr<GENERAL_NAME> entry(GENERAL_NAME_new());
        bssl::UniquePtr<ASN1_IA5STRING> text(ASN1_IA5STRING_new());
        if (entry == nullptr || text == nullptr ||
            ASN1_STRING_set(text.get(), name.data(), static_cast<int>(name.size())) != 1)
            return false;
        GENERAL_NAME_set0_value(entry.get(), GEN_DNS, text.release());
        if (!bssl::PushToStack(list.get(), std::move(entry))) return false;
    }
    return X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), 0, 0) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::vector<std::string>& names,
          int64_t not_before_s, int64_t not_after_s) {
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           set_subject(certificate, names.front()) &&
           ASN1_TIME_set(X509_getm_notBefore(certificate), not_before_s) != nullptr &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), not_after_s) != nullptr &&
           X509_set_pubkey(certificate, key) == 1 &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
           add_names(certificate, names) && X509_sign(certificate, key, EVP_sha256()) > 0;
}

Result<std::shared_ptr<const LoadedIdentity>> make_identity(const std::vector<std::string>& names,
                                                            int64_t now_s) {
    const int64_t end_s = now_s + kSelfSignedLifeS;
    auto made = make_self_signed(names, now_s - kBackdatedS, end_s);
    if (!made) return tl::unexpected(std::move(made.error()));
    auto chain = CertificateChain::load({made->certificate}, made->key, {});
    OPENSSL_cleanse(made->key.data(), made->key.size());
    if (!chain) return tl::unexpected(std::move(chain.error()));
    return std::make_shared<const LoadedIdentity>(
        LoadedIdentity::of(std::move(*chain), end_s - storage::kValiditySecondsMin));
}

}  // namespace

Result<SelfSigned> make_self_signed(const std::vector<std::string>& names, int64_t not_before_s,
                                    int64_t not_after_s) {
    bssl::UniquePtr<EVP_PKEY> key = make_key();
    bssl::UniquePtr<X509> certificate(X509_new());
    bssl::ScopedCBB cbb;
    uint8_t* der = nullptr;
    size_t der_length = 0;
    if (names.empty() || key == nullptr || certificate == nullptr ||
        !fill(certificate.get(), key.get(), names, not_before_s, not_after_s) ||
        CBB_init(cbb.get(), 256) != 1 || EVP_marshal_private_key(cbb.get(), key.get()) != 1 ||
        CBB_finish(cbb.get(), &der, &der_length) != 1) {
        const char* reason = ERR_reason_error_string(ERR_peek_error());
        ERR_clear_error();
        return fail(ErrorCode::refused, "making a self-signed certificate failed ({})",
                    reason != nullptr ? reason : "unknown reason");
    }
    SelfSigned made;
    made.key.assign(der, der + der_length);
    OPENSSL_free(der);  // wipes it
    uint8_t* octets = nullptr;
    const int length = i2d_X509(certificate.get(), &octets);
    if (length <= 0) return fail(ErrorCode::refused, "encoding a self-signed certificate failed");
    made.certificate.assign(octets, octets + length);
    OPENSSL_free(octets);
    return made;
}

Result<std::unique_ptr<SelfSignedIdentity>> SelfSignedIdentity::create(const std::string& host_name,
                                                                       int64_t now_s) {
    std::vector<std::string> names;
    if (std::string clean = clean_server_name(host_name); !clean.empty() && clean != "localhost")
        names.push_back(std::move(clean));
    names.emplace_back("localhost");
    auto identity = make_identity(names, now_s);
    if (!identity) return tl::unexpected(std::move(identity.error()));
    std::unique_ptr<SelfSignedIdentity> made(new SelfSignedIdentity(std::move(names)));
    made->identity_ = std::move(*identity);
    return made;
}

std::shared_ptr<const LoadedIdentity> SelfSignedIdentity::current(int64_t now_s) {
    const std::lock_guard lock(mutex_);
    if (now_s >= identity_->valid_until_s()) {
        // Where that fails, the old one is still better than none.
        if (auto made = make_identity(names_, now_s)) identity_ = std::move(*made);
    }
    return identity_;
}

}  // namespace gatepost::dataplane
