#include "controlplane/certificate/self_signed.h"

#include "controlplane/certificate/new_certificate.h"
#include "controlplane/certificate/openssl.h"
#include "controlplane/certificate/pem.h"

namespace gatepost::controlplane {

namespace {

constexpr int64_t kDayS = 24 * 3600;   // s
constexpr int64_t kBackdatedS = 3600;  // s
constexpr int kSerialBits = 128;       // RFC 5280 §4.1.2.2: 20 octets at most
constexpr size_t kCommonNameMax = 64;  // RFC 5280 appendix A.1, ub-common-name
constexpr const char* kNoCommonName = "Gatepost self-signed certificate";
constexpr int kVersion3 = 2;  // RFC 5280 §4.1.2.1

bool set_serial(X509* certificate) {
    const OwnedBignum number(BN_new());
    return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509* certificate, const std::string& host) {
    X509_NAME* name = X509_get_subject_name(certificate);
    const std::string text = host.size() <= kCommonNameMax ? host : kNoCommonName;
    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Names are host names, so that they mean nothing to the syntax of OpenSSL's values.
std::string alternative_names(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names)
        out += fmt::format("{}DNS:{}", out.empty() ? "" : ",", name);
    return out;
}

OwnedX509 build(EVP_PKEY* key, const std::vector<std::string>& names, int64_t now_s) {
    OwnedX509 certificate(X509_new());
    const auto at = [](int64_t seconds) { return static_cast<time_t>(seconds); };
    X509* x = certificate.get();
    const bool built =
        x != nullptr && X509_set_version(x, kVersion3) == 1 && set_serial(x) &&
        set_name(x, names.front()) &&
        ASN1_TIME_set(X509_getm_notBefore(x), at(now_s - kBackdatedS)) != nullptr &&
        ASN1_TIME_set(X509_getm_notAfter(x), at(now_s + kSelfSignedDays * kDayS)) != nullptr &&
        X509_set_pubkey(x, key) == 1 &&
        add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(x, NID_key_usage, "critical,digitalSignature") &&
        add_extension(x, NID_ext_key_usage, "serverAuth") &&
        add_extension(x, NID_subject_alt_name, alternative_names(names)) &&
        add_extension(x, NID_subject_key_identifier, "hash") && X509_sign(x, key, EVP_sha256()) > 0;
    return built ? std::move(certificate) : nullptr;
}

}  // namespace

Result<CertificateChain> make_self_signed(const PrivateKey& key,
                                          const std::vector<std::string>& names, int64_t now_s) {
    const Bytes pkcs8 = key.pkcs8();
    const uint8_t* at = pkcs8.data();
    const OwnedKey openssl_key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.size())));
    const OwnedX509 certificate =
        openssl_key ? build(openssl_key.get(), names, now_s) : OwnedX509();
    uint8_t* der = nullptr;
    const int length = certificate ? i2d_X509(certificate.get(), &der) : 0;
    const Owned<uint8_t, openssl_free> owner(der);
    if (length <= 0)
        return fail(ErrorCode::refused, "making a self-signed certificate for {} failed ({})",
                    names.front(), openssl_reason());
    return chain_from_pem(write_pem("CERTIFICATE", {der, static_cast<size_t>(length)}));
}

Result<NewCertificate> new_self_signed(Connection& connection, const std::string& host,
                                       const storage::KeyRing& ring, std::string_view source,
                                       int64_t now_s) {
    std::vector<std::string> names = {host};
    auto domain =
        connection.exec_params("SELECT FROM gatepost.domains WHERE name = $1 || '.'", {host});
    if (!domain) return tl::unexpected(std::move(domain).error());
    if (!domain->empty()) names.push_back("*." + host);
    auto key = PrivateKey::generate();
    if (!key) return tl::unexpected(std::move(key).error());
    auto chain = make_self_signed(*key, names, now_s);
    if (!chain) return tl::unexpected(std::move(chain).error());
    return new_certificate({host, storage::CertificateType::self_signed, std::string(source)},
                           *chain, *key, ring);
}

}  // namespace gatepost::controlplane
