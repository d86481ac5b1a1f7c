#include "controlplane/certificate/chain.h"

#include <gtest/gtest.h>

#include "controlplane/certificate/pem.h"
#include "controlplane/certificate/type_names.h"
#include "tests/unit/certificate/test_ca.h"

namespace gatepost::controlplane {
namespace {

using Names = std::vector<std::string>;

CertificateChain must(const std::string& pem) {
    auto chain = chain_from_pem(pem);
    EXPECT_TRUE(chain) << chain.error().message;
    return chain ? std::move(*chain) : CertificateChain();
}

void refused(const std::string& pem, const std::string& text) {
    const auto chain = chain_from_pem(pem);
    ASSERT_FALSE(chain) << text;
    EXPECT_EQ(chain.error().code, ErrorCode::invalid);
    EXPECT_NE(chain.error().message.find(text), std::string::npos) << chain.error().message;
}

// A leaf, an intermediate and a root.
struct Three {
    TestCertificate root = test_root();
    TestCertificate middle = issue(
        {.common_name = "Test CA 1", .alternative_names = "", .extended_usage = "", .is_ca = true},
        &root);
    TestCertificate leaf = issue({}, &middle);

    std::string pem() const { return leaf.pem() + middle.pem() + root.pem(); }
};

TEST(Chain, FactsOfTheLeaf) {
    const Three three;
    const CertificateChain chain = must(three.pem());
    ASSERT_EQ(chain.der.size(), 3u);
    EXPECT_EQ(chain.leaf.names, (Names{"example.org", "www.example.org"}));
    EXPECT_EQ(chain.leaf.subject, "CN=example.org");
    EXPECT_EQ(chain.leaf.issuer, "CN=Test CA 1");
    EXPECT_EQ(chain.leaf.fingerprint.size(), 64u);
    EXPECT_EQ(chain.leaf.not_before_s, kTestNow - 10 * kTestDay);
    EXPECT_EQ(chain.leaf.not_after_s, kTestNow + 80 * kTestDay);
    EXPECT_EQ(chain.leaf.key_type, storage::KeyType::ecdsa);
    EXPECT_FALSE(chain.leaf.is_self_signed);
    EXPECT_TRUE(chain.leaf.is_for_servers);
    EXPECT_FALSE(chain.leaf.spki.empty());
    EXPECT_EQ(chain_to_pem(chain), three.pem()) << "as OpenSSL writes it";
    EXPECT_EQ(must(three.leaf.pem()).der.size(), 1u) << "a chain may be incomplete";
}

TEST(Chain, NamesAreThoseOfHosts) {
    const auto names = [](const std::string& alternative, const std::string& common) {
        return must(issue({.common_name = common, .alternative_names = alternative}).pem())
            .leaf.names;
    };
    EXPECT_EQ(names("DNS:Mail.Example.ORG.,DNS:*.example.org,DNS:mail.example.org", "x.org"),
              (Names{"mail.example.org", "*.example.org"}));
    EXPECT_EQ(names("", "WWW.example.org"), Names{"www.example.org"});
    EXPECT_EQ(names("IP:192.0.2.1", "host.example.org"), Names{"host.example.org"});
    EXPECT_EQ(names("DNS:bad name,DNS:good.org", "other.org"), Names{"good.org"})
        << "with a dNSName, the common name is none (RFC 6125 §6.4.4)";
    EXPECT_EQ(names("", "Ada's certificate"), Names{});
    EXPECT_EQ(names("email:ada@example.org", ""), Names{});
}

TEST(Chain, KindsOfKeys) {
    const auto type = [](const std::string& key) {
        return key_type_name(must(issue({}, nullptr, key).pem()).leaf.key_type);
    };
    EXPECT_EQ(type("RSA:2048"), "rsa");
    EXPECT_EQ(type("EC:P-384"), "ecdsa");
    EXPECT_EQ(type("EC:P-521"), "ecdsa");
    EXPECT_EQ(type("ED25519"), "ed25519");
    refused(issue({}, nullptr, "RSA:1024").pem(), "RSA key has 1024 bits");
    refused(issue({}, nullptr, "EC:secp256k1").pem(), "on the curve secp256k1");
    const TestCertificate root = test_root();
    refused(issue({}, &root, "ED448").pem(), "key is of the type ED448");
}

TEST(Chain, WhatStandsAroundIsPassedOver) {
    const Three three;
    std::string pem = "\xef\xbb\xbfsubject=CN = example.org\r\n" + three.leaf.key_pem() +
                      three.leaf.pem() + "issuer: x\n\n" + three.middle.pem();
    EXPECT_EQ(must(pem).der.size(), 2u);
    std::string crlf;
    for (const char c : pem) crlf += c == '\n' ? "\r\n" : std::string(1, c);
    EXPECT_EQ(chain_to_pem(must(crlf)), three.leaf.pem() + three.middle.pem());
    EXPECT_EQ(chain_to_pem(must(pem)).find("PRIVATE"), std::string::npos);
    EXPECT_EQ(must(three.leaf.pem().substr(0, three.leaf.pem().size() - 1)).der.size(), 1u)
        << "without the last newline";
}

TEST(Chain, TextThatHasNone) {
    refused("", "no certificate");
    refused("hello\n", "-----BEGIN CERTIFICATE-----");
    refused("\x30\x82\x01\x02", "openssl x509 -inform DER");
    refused("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
            "a request for a certificate");
    refused("-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n",
            "openssl x509 -in FILE");
    refused("-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n", "openssl pkcs7");
    refused(Three().leaf.key_pem(), "no certificate");
    refused(std::string(kPemSizeMax + 1, 'x'), "too many for certificates");
}

TEST(Chain, TextThatWasCutOff) {
    const Three three;
    const std::string pem = three.pem();
    const size_t third = three.leaf.pem().size() + three.middle.pem().size();
    for (const size_t kept : {size_t{30}, size_t{150}, three.root.pem().size() - 30})
        refused(pem.substr(0, third + kept), "the third certificate ends in the middle");
    refused(three.leaf.pem().substr(0, 200) + "\n" + three.middle.pem(),
            "the first certificate ends in the middle");
    // A file that lost lines within, and so its octets.
    std::string der(reinterpret_cast<const char*>(must(pem).der[1].data()), 100);
    const Bytes cut(reinterpret_cast<const uint8_t*>(der.data()), der.size());
    refused(three.leaf.pem() + write_pem("CERTIFICATE", cut),
            "the second certificate ends in the middle: there are fewer octets");
}

TEST(Chain, TextThatIsDamaged) {
    const Three three;
    std::string pem = three.pem();
    const size_t in_second = three.leaf.pem().size() + 100;
    pem[in_second] = '%';
    refused(pem, "the second certificate is damaged: line ");
    pem[in_second] = three.pem()[in_second] == 'A' ? 'B' : 'A';
    refused(pem, "certificate");
    refused("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
            "the first certificate is empty");
    refused("-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n",
            "base64 of line 1 to line 3 is not complete");
    refused("-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n",
            "the first certificate is not an X.509 certificate");
    refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END X-----\n", "and ends in line 3 as X");
    std::vector<uint8_t> longer = must(three.leaf.pem()).der[0];
    longer.push_back(0);
    refused(write_pem("CERTIFICATE", longer), "has 1 octets behind its end");
    refused(write_pem("CERTIFICATE", std::vector<uint8_t>(kCertificateSizeMax + 1)), "at most");
}

TEST(Chain, OrderIsThatOfIssuing) {
    const Three three;
    refused(three.leaf.pem() + three.root.pem() + three.middle.pem(),
            "the first certificate (CN=example.org) was not issued by the second certificate "
            "(CN=Test Root), but by CN=Test CA 1, which is the third certificate");
    refused(three.middle.pem() + three.leaf.pem(), "wrong order");
    refused(three.leaf.pem() + three.leaf.pem(),
            "the second certificate (CN=example.org) is the first certificate again");
    const TestCertificate namesake = issue(
        {.common_name = "Test CA 1", .alternative_names = "", .extended_usage = "", .is_ca = true},
        &three.root);
    refused(three.leaf.pem() + namesake.pem(), "was not signed with the key of the second");
    const TestCertificate no_ca = issue({.common_name = "Not a CA"}, &three.root);
    const TestCertificate by_no_ca = issue({}, &no_ca);
    EXPECT_TRUE(chain_from_pem(by_no_ca.pem()));
}

TEST(Chain, MoreThanAServerSends) {
    std::vector<TestCertificate> line;
    line.push_back(test_root());
    while (line.size() < storage::kChainMax + 1)
        line.push_back(issue({.common_name = "CA " + std::to_string(line.size()),
                              .alternative_names = "",
                              .extended_usage = "",
                              .is_ca = true},
                             &line.back()));
    std::string pem;
    for (size_t i = line.size(); i-- > 0;) pem += line[i].pem();
    refused(pem, "more than 8 certificates");
    EXPECT_EQ(must(pem.substr(line.back().pem().size())).der.size(), storage::kChainMax);
}

TEST(Chain, TimesThatCannotBe) {
    refused(issue({.not_before_s = kTestNow, .not_after_s = kTestNow - 1}).pem(),
            "it ends before it begins");
    EXPECT_EQ(must(issue({.not_after_s = 253402300799}).pem()).leaf.not_after_s, 253402300799)
        << "no end of validity (RFC 5280 §4.1.2.5)";
}

TEST(Chain, SubjectsAreText) {
    const auto subject = [](const std::string& name) {
        return must(issue({.common_name = name}).pem()).leaf.subject;
    };
    EXPECT_EQ(subject("Zürich"), "CN=Zürich");
    EXPECT_EQ(subject("a,b\n"), "CN=a\\,b\\0A");
    EXPECT_EQ(subject(""), "no name");
}

TEST(Chain, Usage) {
    EXPECT_TRUE(must(issue({.extended_usage = ""}).pem()).leaf.is_for_servers);
    EXPECT_TRUE(must(issue({.extended_usage = "clientAuth,serverAuth"}).pem()).leaf.is_for_servers);
    EXPECT_FALSE(must(issue({.extended_usage = "clientAuth"}).pem()).leaf.is_for_servers);
}

}  // namespace
}  // namespace gatepost::controlplane
