#include "controlplane/certificate/private_key.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <functional>

#include "controlplane/certificate/sealing.h"
#include "tests/unit/certificate/test_ca.h"

namespace gatepost::controlplane {
namespace {

constexpr const char* kRing =
    "0123456789abcdef 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
    "fedcba9876543210 1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100\n";

storage::KeyRing ring(size_t begin = 0, size_t lines = 2) {
    const std::string text(kRing);
    const size_t line = text.find('\n') + 1;
    auto parsed = storage::KeyRing::parse(text.substr(begin * line, lines * line));
    EXPECT_TRUE(parsed) << parsed.error().message;
    return *parsed;
}

void key_refused(const std::string& pem, const std::string& text) {
    const auto key = PrivateKey::from_pem(pem);
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().code, ErrorCode::invalid);
    EXPECT_NE(key.error().message.find(text), std::string::npos) << key.error().message;
}

std::string written(const std::function<int(BIO*)>& write) {
    const OwnedBio out(BIO_new(BIO_s_mem()));
    EXPECT_EQ(write(out.get()), 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<size_t>(size)};
}

std::string traditional(EVP_PKEY* key, const EVP_CIPHER* cipher = nullptr) {
    return written([&](BIO* out) {
        return PEM_write_bio_PrivateKey_traditional(out, key, cipher, nullptr, 0, nullptr,
                                                    const_cast<char*>("secret"));
    });
}

TEST(PrivateKey, AllFormsOfAllKinds) {
    for (const char* type : {"EC:P-256", "EC:P-384", "RSA:2048", "ED25519"}) {
        const TestCertificate leaf = issue({}, nullptr, type);
        auto key = PrivateKey::from_pem(leaf.key_pem());
        ASSERT_TRUE(key) << type << key.error().message;
        EXPECT_EQ(key->to_pem(), leaf.key_pem()) << type;
        auto chain = chain_from_pem(leaf.pem());
        ASSERT_TRUE(chain);
        EXPECT_TRUE(check_key_matches(*chain, *key)) << type;
        if (std::string(type) == "ED25519") continue;
        auto old_form = PrivateKey::from_pem(traditional(leaf.key.get()));
        ASSERT_TRUE(old_form) << type << old_form.error().message;
        EXPECT_EQ(old_form->to_pem(), leaf.key_pem()) << type;
    }
}

TEST(PrivateKey, OfACombinedFile) {
    const TestCertificate leaf = issue({});
    // As `openssl ecparam -genkey` writes it, with the parameters in front.
    const std::string pem = leaf.pem() +
                            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                            "-----END EC PARAMETERS-----\n" +
                            traditional(leaf.key.get());
    EXPECT_TRUE(PrivateKey::from_pem(pem));
    EXPECT_TRUE(has_private_key(pem));
    EXPECT_FALSE(has_private_key(leaf.pem()));
}

TEST(PrivateKey, RefusedWithWhatToDo) {
    const TestCertificate leaf = issue({});
    key_refused("", "no private key");
    key_refused(leaf.pem(), "no private key");
    key_refused(traditional(leaf.key.get(), EVP_aes_256_cbc()), "has a passphrase; take that off");
    key_refused(written([&](BIO* out) {
                    return PEM_write_bio_PKCS8PrivateKey(out, leaf.key.get(), EVP_aes_256_cbc(),
                                                         nullptr, 0, nullptr,
                                                         const_cast<char*>("secret"));
                }),
                "openssl pkey -in FILE");
    key_refused(leaf.key_pem() + issue({}).key_pem(), "two private keys, in line 1 and in line 6");
    key_refused(leaf.key_pem().substr(0, 100), "the private key ends in the middle");
    key_refused("-----BEGIN PRIVATE KEY-----\nMAMCAQE=\n-----END PRIVATE KEY-----\n",
                "is not a key");
    key_refused("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
                "a key of OpenSSH");
    key_refused("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n",
                "of the kind DSA PRIVATE KEY");
    key_refused(issue({}, nullptr, "RSA:1024").key_pem(), "RSA key has 1024 bits");
    key_refused(issue({}, nullptr, "EC:secp256k1").key_pem(), "secp256k1");
}

TEST(PrivateKey, HalvesThatDoNotBelongTogether) {
    // The public point of one key beside the number of another (RFC 5915 §3).
    auto one = PrivateKey::from_pem(issue({}).key_pem());
    auto other = PrivateKey::from_pem(issue({}).key_pem());
    ASSERT_TRUE(one && other);
    std::vector<uint8_t> mixed(one->pkcs8().begin(), one->pkcs8().end());
    std::copy(other->pkcs8().end() - 64, other->pkcs8().end(), mixed.end() - 64);
    const auto key = PrivateKey::from_pkcs8(mixed);
    ASSERT_FALSE(key);
    EXPECT_NE(key.error().message.find("public half"), std::string::npos) << key.error().message;
}

TEST(PrivateKey, OfAnotherCertificate) {
    const TestCertificate leaf = issue({});
    auto chain = chain_from_pem(leaf.pem());
    ASSERT_TRUE(chain);
    const auto message = [&](const std::string& type) {
        const Status matches =
            check_key_matches(*chain, *PrivateKey::from_pem(issue({}, nullptr, type).key_pem()));
        return matches ? "" : matches.error().message;
    };
    EXPECT_NE(message("EC:P-256").find("it is the key of another one"), std::string::npos);
    EXPECT_NE(message("EC:P-384").find("it is the key of another one"), std::string::npos);
    EXPECT_NE(message("RSA:2048").find("of the type ecdsa, and this is one of the type rsa"),
              std::string::npos);
}

TEST(PrivateKey, SealedAndOpened) {
    auto key = PrivateKey::generate();
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->type(), storage::KeyType::ecdsa);
    auto sealed = key->seal(ring());
    ASSERT_TRUE(sealed);
    EXPECT_EQ(std::string(sealed->begin(), sealed->begin() + 4), "GPS1");
    EXPECT_EQ(key_id_to_text(storage::parse_sealed(*sealed)->key_id), "0123456789abcdef");
    EXPECT_EQ(sealed->size(), key->pkcs8().size() + 40);
    EXPECT_NE(*sealed, *key->seal(ring())) << "another nonce each time";
    auto opened = PrivateKey::unseal(*sealed, ring());
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->to_pem(), key->to_pem());
    // The second key of the ring opens what it sealed once.
    auto by_second = key->seal(ring(1, 1));
    EXPECT_TRUE(PrivateKey::unseal(*by_second, ring()));
    EXPECT_FALSE(key->seal(storage::KeyRing()));
}

TEST(PrivateKey, SealedIsOpenedByNobodyElse) {
    auto key = PrivateKey::generate();
    auto sealed = key->seal(ring());
    const auto lacking = PrivateKey::unseal(*sealed, ring(1, 1));
    ASSERT_FALSE(lacking);
    EXPECT_EQ(lacking.error().code, ErrorCode::permission);
    EXPECT_NE(lacking.error().message.find("the key 0123456789abcdef, which the key file does not"),
              std::string::npos)
        << lacking.error().message;
    for (size_t at = 0; at < sealed->size(); at += 7) {
        auto changed = *sealed;
        changed[at] ^= 1;
        EXPECT_FALSE(PrivateKey::unseal(changed, ring())) << at;
    }
    for (size_t size = 0; size < sealed->size(); ++size)
        EXPECT_FALSE(PrivateKey::unseal(Bytes(*sealed).first(size), ring())) << size;
    EXPECT_FALSE(unseal(*sealed, ring(), "another purpose"));
    auto of_other_purpose = seal(key->pkcs8(), ring(), "another purpose");
    EXPECT_FALSE(PrivateKey::unseal(*of_other_purpose, ring()));
}

}  // namespace
}  // namespace gatepost::controlplane
