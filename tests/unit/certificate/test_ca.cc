#include "tests/unit/certificate/test_ca.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <ctime>

#include "storage/base/check.h"

namespace gatepost::controlplane {

namespace {

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<size_t>(size)};
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
    if (value.empty()) return;
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    GATEPOST_CHECK(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

}  // namespace

OwnedKey test_key(const std::string& type) {
    if (type.starts_with("EC:")) return OwnedKey(EVP_EC_gen(type.substr(3).c_str()));
    if (type.starts_with("RSA:"))
        return OwnedKey(EVP_RSA_gen(static_cast<unsigned>(std::stoul(type.substr(4)))));
    return OwnedKey(EVP_PKEY_Q_keygen(nullptr, nullptr, type.c_str()));
}

std::string TestCertificate::pem() const {
    const OwnedBio out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), certificate.get());
    return text_of(out.get());
}

std::string TestCertificate::key_pem() const {
    const OwnedBio out(BIO_new(BIO_s_mem()));
    PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(out.get());
}

TestCertificate issue(const TestRequest& request, const TestCertificate* issuer,
                      const std::string& key_type) {
    static long serial = 0;
    TestCertificate out{OwnedX509(X509_new()), test_key(key_type)};
    GATEPOST_CHECK(out.certificate && out.key);
    X509* x = out.certificate.get();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    X509_NAME* name = X509_get_subject_name(x);
    if (!request.common_name.empty())
        X509_NAME_add_entry_by_txt(
            name, "CN", MBSTRING_UTF8,
            reinterpret_cast<const unsigned char*>(request.common_name.data()),
            static_cast<int>(request.common_name.size()), -1, 0);
    X509* by = issuer != nullptr ? issuer->certificate.get() : x;
    X509_set_issuer_name(x, X509_get_subject_name(by));
    ASN1_TIME_set(X509_getm_notBefore(x), request.not_before_s);
    ASN1_TIME_set(X509_getm_notAfter(x), request.not_after_s);
    X509_set_pubkey(x, out.key.get());
    extend(x, by, NID_basic_constraints, request.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    extend(x, by, NID_subject_alt_name, request.alternative_names);
    extend(x, by, NID_ext_key_usage, request.extended_usage);
    EVP_PKEY* signer = issuer != nullptr ? issuer->key.get() : out.key.get();
    const bool names_its_digest = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519;
    GATEPOST_CHECK(X509_sign(x, signer, names_its_digest ? nullptr : EVP_sha256()) > 0);
    return out;
}

TestCertificate test_root(const std::string& name) {
    return issue({.common_name = name,
                  .alternative_names = "",
                  .extended_usage = "",
                  .is_ca = true,
                  .not_before_s = kTestNow - 1000 * kTestDay,
                  .not_after_s = kTestNow + 1000 * kTestDay});
}

std::string ocsp_response(const TestCertificate& leaf, const TestCertificate& issuer,
                          const TestCertificate& signer, int status, int64_t now_s) {
    const OwnedOcspBasic basic(OCSP_BASICRESP_new());
    const OwnedOcspId id(
        OCSP_cert_to_id(nullptr, leaf.certificate.get(), issuer.certificate.get()));
    const Owned<ASN1_TIME, ASN1_TIME_free> this_update(ASN1_TIME_set(nullptr, now_s - 3600));
    const Owned<ASN1_TIME, ASN1_TIME_free> next_update(ASN1_TIME_set(nullptr, now_s + 86400));
    const Owned<ASN1_TIME, ASN1_TIME_free> revoked(ASN1_TIME_set(nullptr, now_s - 7200));
    OCSP_basic_add1_status(basic.get(), id.get(), status, 0,
                           status == V_OCSP_CERTSTATUS_REVOKED ? revoked.get() : nullptr,
                           this_update.get(), next_update.get());
    GATEPOST_CHECK(OCSP_basic_sign(basic.get(), signer.certificate.get(), signer.key.get(),
                                   EVP_sha256(), nullptr, 0) == 1);
    const OwnedOcspResponse response(
        OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
    uint8_t* der = nullptr;
    const int length = i2d_OCSP_RESPONSE(response.get(), &der);
    const Owned<uint8_t, openssl_free> owner(der);
    return {reinterpret_cast<const char*>(der), static_cast<size_t>(length)};
}

}  // namespace gatepost::controlplane
