#include "tests/support/test_certificates.h"

#include <gtest/gtest.h>
#include <openssl/aead.h>
#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/curve25519.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>

namespace gatepost::tests {

namespace {

bssl::UniquePtr<EVP_PKEY> make_ec(int curve) {
    bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(curve));
    bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
    EXPECT_EQ(EC_KEY_generate_key(ec.get()), 1);
    EXPECT_EQ(EVP_PKEY_set1_EC_KEY(key.get(), ec.get()), 1);
    return key;
}

// Making one takes long: all tests of a process share one.
bssl::UniquePtr<EVP_PKEY> make_rsa() {
    static EVP_PKEY* const shared = [] {
        EVP_PKEY* key = EVP_PKEY_new();
        bssl::UniquePtr<RSA> rsa(RSA_new());
        bssl::UniquePtr<BIGNUM> exponent(BN_new());
        BN_set_word(exponent.get(), RSA_F4);
        EXPECT_EQ(RSA_generate_key_ex(rsa.get(), 2048, exponent.get(), nullptr), 1);
        EXPECT_EQ(EVP_PKEY_set1_RSA(key, rsa.get()), 1);
        return key;
    }();
    return bssl::UpRef(shared);
}

bssl::UniquePtr<EVP_PKEY> make_ed25519() {
    uint8_t public_key[ED25519_PUBLIC_KEY_LEN];
    uint8_t private_key[ED25519_PRIVATE_KEY_LEN];
    ED25519_keypair(public_key, private_key);
    return bssl::UniquePtr<EVP_PKEY>(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, private_key, 32));
}

bssl::UniquePtr<EVP_PKEY> make_key(TestKey key) {
    switch (key) {
        case TestKey::p256:
            return make_ec(NID_X9_62_prime256v1);
        case TestKey::p384:
            return make_ec(NID_secp384r1);
        case TestKey::rsa:
            return make_rsa();
        case TestKey::ed25519:
            return make_ed25519();
    }
    return nullptr;
}

}  // namespace

TestCertificate make_certificate(TestKey kind, const std::string& name) {
    static int64_t serial = 1;
    bssl::UniquePtr<EVP_PKEY> key = make_key(kind);
    bssl::UniquePtr<X509> x509(X509_new());
    X509_set_version(x509.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), serial++);
    X509_NAME_add_entry_by_NID(X509_get_subject_name(x509.get()), NID_commonName, MBSTRING_UTF8,
                               reinterpret_cast<const uint8_t*>(name.data()),
                               static_cast<int>(name.size()), -1, 0);
    X509_set_issuer_name(x509.get(), X509_get_subject_name(x509.get()));
    ASN1_TIME_set(X509_getm_notBefore(x509.get()), kTestTime - kDay);
    ASN1_TIME_set(X509_getm_notAfter(x509.get()), kTestTime + 60 * kDay);
    EXPECT_EQ(X509_set_pubkey(x509.get(), key.get()), 1);
    EXPECT_GT(X509_sign(x509.get(), key.get(), kind == TestKey::ed25519 ? nullptr : EVP_sha256()),
              0);
    TestCertificate made;
    uint8_t* der = nullptr;
    const int length = i2d_X509(x509.get(), &der);
    made.der.assign(der, der + length);
    OPENSSL_free(der);
    bssl::ScopedCBB cbb;
    CBB_init(cbb.get(), 256);
    EXPECT_EQ(EVP_marshal_private_key(cbb.get(), key.get()), 1);
    made.key.assign(CBB_data(cbb.get()), CBB_data(cbb.get()) + CBB_len(cbb.get()));
    return made;
}

const storage::KeyRing& test_key_ring() {
    static const storage::KeyRing ring = [] {
        auto parsed = storage::KeyRing::parse("0102030405060708 " + std::string(64, '7') + "\n");
        EXPECT_TRUE(parsed.has_value());
        return std::move(*parsed);
    }();
    return ring;
}

std::vector<uint8_t> seal_for_test(Bytes secret) {
    const storage::SealingKey& key = *test_key_ring().sealing();
    const std::vector<uint8_t> nonce(storage::kSealingNonceSize, 9);
    constexpr std::string_view kMagic = "GPS1";
    std::vector<uint8_t> out(storage::kSealedHeaderSize + secret.size() + storage::kSealingTagSize);
    auto at = std::copy(kMagic.begin(), kMagic.end(), out.begin());
    at = std::copy(key.id.begin(), key.id.end(), at);
    std::copy(nonce.begin(), nonce.end(), at);
    bssl::ScopedEVP_AEAD_CTX aead;
    size_t length = 0;
    const std::string_view purpose = storage::kSealedCertificateKey;
    EXPECT_EQ(EVP_AEAD_CTX_init(aead.get(), EVP_aead_aes_256_gcm(), key.key.data(), key.key.size(),
                                storage::kSealingTagSize, nullptr),
              1);
    EXPECT_EQ(EVP_AEAD_CTX_seal(aead.get(), out.data() + storage::kSealedHeaderSize, &length,
                                out.size() - storage::kSealedHeaderSize, nonce.data(), nonce.size(),
                                secret.data(), secret.size(),
                                reinterpret_cast<const uint8_t*>(purpose.data()), purpose.size()),
              1);
    return out;
}

TestDirectory::TestDirectory(uint64_t generation) : qsbr_(std::make_unique<storage::Qsbr>()) {
    auto segment = storage::Segment::create("test-directory", size_t{16} << 20);
    EXPECT_TRUE(segment.has_value());
    auto writer = storage::DirectoryWriter::create(std::move(*segment), *qsbr_, generation);
    EXPECT_TRUE(writer.has_value());
    writer_ = std::move(*writer);
    view_.emplace(writer_->view());
}

void TestDirectory::put(const std::string& name, const std::vector<TestCandidate>& candidates,
                        const Pins& pins) {
    std::vector<std::vector<uint8_t>> sealed;
    for (const TestCandidate& each : candidates)
        sealed.push_back(each.sealed_key.empty() ? seal_for_test(each.certificate.key)
                                                 : each.sealed_key);
    storage::TlsIdentity identity;
    for (size_t i = 0; i < candidates.size(); ++i) {
        const TestCandidate& from = candidates[i];
        storage::CertificateCandidate& to = identity.candidates.emplace_back();
        to.type = from.type;
        to.key_type = from.key_type;
        to.not_before_s = from.not_before_s;
        to.not_after_s = from.not_after_s;
        to.chain.push_back(from.certificate.der);
        for (const auto& more : from.more) to.chain.push_back(more);
        to.sealed_key = sealed[i];
        to.ocsp_response = Bytes(reinterpret_cast<const uint8_t*>(from.ocsp_response.data()),
                                 from.ocsp_response.size());
    }
    for (const auto& [service, type] : pins) identity.pinned[static_cast<size_t>(service)] = type;
    put_octets(name, storage::encode_tls_identity(identity));
}

void TestDirectory::put_octets(const std::string& name, Bytes octets) {
    const Status done = writer_->put(storage::EntryKind::tls_identity, name, octets);
    ASSERT_TRUE(done.has_value()) << done.error().message;
    writer_->publish({});
}

void TestDirectory::remove(const std::string& name) {
    writer_->remove(storage::EntryKind::tls_identity, name);
    writer_->publish({});
}

}  // namespace gatepost::tests
