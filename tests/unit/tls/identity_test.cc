// Which certificate a client is given.
#include <gtest/gtest.h>

#include "dataplane/tls/loaded_identity.h"
#include "tests/unit/tls/conversation.h"

namespace gatepost::tests {
namespace {

using dataplane::TlsOptions;
using dataplane::TlsStatus;
using storage::CertificateType;
using storage::KeyType;
using storage::Service;

constexpr uint16_t kOfferedTls12 = 0x0303;
constexpr uint16_t kEcdsaP256 = 0x0403;
constexpr uint16_t kEcdsaP384 = 0x0503;
constexpr uint16_t kEd25519 = 0x0807;
constexpr uint16_t kRsaPssSha256 = 0x0804;
constexpr uint16_t kRsaPkcs1Sha256 = 0x0401;

// The server's own certificate, as that client sees it; empty: no handshake.
std::vector<uint8_t> seen(dataplane::TlsContext& context, const TlsClientOptions& options) {
    Conversation talk(context, options);
    if (talk.handshake() != TlsStatus::done) return {};
    return talk.client.certificates().at(0);
}
std::vector<uint8_t> seen(ServerSide& server, const std::string& name) {
    return seen(*server.context, {.server_name = name});
}

TEST(TlsIdentity, ExactThenWildcardThenDefaultThenSelfSigned) {
    ServerSide server;
    const auto own = seen(server, "a.example.org");
    EXPECT_FALSE(own.empty());
    EXPECT_EQ(seen(server, "b.example.org"), own) << "one for the whole process";

    const auto fallback = make_certificate(TestKey::p256, "default");
    server.directory.put("", {{.certificate = fallback}});
    EXPECT_EQ(seen(server, "a.example.org"), fallback.der);
    EXPECT_EQ(seen(server, ""), fallback.der);

    const auto wildcard = make_certificate(TestKey::p256, "*.example.org");
    server.directory.put("*.example.org", {{.certificate = wildcard}});
    EXPECT_EQ(seen(server, "a.example.org"), wildcard.der);
    EXPECT_EQ(seen(server, "A.Example.ORG."), wildcard.der);
    // A wildcard is one label (RFC 6125 §6.4.3).
    EXPECT_EQ(seen(server, "b.a.example.org"), fallback.der);
    EXPECT_EQ(seen(server, "example.org"), fallback.der);

    const auto exact = make_certificate(TestKey::p256, "a.example.org");
    server.directory.put("a.example.org", {{.certificate = exact}});
    EXPECT_EQ(seen(server, "a.example.org"), exact.der);
    EXPECT_EQ(seen(server, "c.example.org"), wildcard.der);

    server.directory.remove("a.example.org");
    EXPECT_EQ(seen(server, "a.example.org"), wildcard.der);
    server.has_directory = false;
    EXPECT_EQ(seen(server, "a.example.org"), own);
}

TEST(TlsIdentity, NamesThatNoHostCanHaveGetTheDefault) {
    ServerSide server;
    const auto fallback = make_certificate(TestKey::p256, "default");
    server.directory.put("", {{.certificate = fallback}});
    server.directory.put("*.example.org", {{.certificate = make_certificate(TestKey::p256, "*")}});
    for (const char* name : {"192.0.2.1", "a b.example.org", "..example.org", "*.example.org",
                             "\xc3\xa4.example.org", "a/b.example.org"})
        EXPECT_EQ(seen(server, name), fallback.der) << name;
    EXPECT_EQ(seen(server, std::string(64, 'a') + ".example.org"), fallback.der);
}

TEST(TlsIdentity, EcdsaForWhomItSuitsAndRsaForTheOthers) {
    ServerSide server;
    const auto ecdsa = make_certificate(TestKey::p256, "ecdsa");
    const auto rsa = make_certificate(TestKey::rsa, "rsa");
    server.directory.put("",
                         {{.certificate = rsa, .key_type = KeyType::rsa}, {.certificate = ecdsa}});
    struct Case {
        TlsClientOptions client;
        const TestCertificate& expected;
    };
    const Case cases[] = {
        {{}, ecdsa},
        {{.version_max = kOfferedTls12}, ecdsa},
        {{.signature_algorithms = {kRsaPssSha256, kEcdsaP256}}, ecdsa},
        {{.signature_algorithms = {kRsaPssSha256}}, rsa},
        {{.signature_algorithms = {kRsaPssSha256, kEcdsaP384}}, rsa},
        {{.version_max = kOfferedTls12, .signature_algorithms = {kRsaPkcs1Sha256}}, rsa},
        {{.version_max = kOfferedTls12, .signature_algorithms = {kRsaPssSha256}}, rsa},
        // In TLS 1.2 the hash is free, but the ciphers and groups must be there, too.
        {{.version_max = kOfferedTls12, .signature_algorithms = {kRsaPkcs1Sha256, kEcdsaP384}},
         ecdsa},
        {{.version_max = kOfferedTls12, .ciphers = "ECDHE-RSA-AES128-GCM-SHA256"}, rsa},
        {{.version_max = kOfferedTls12, .groups = "X25519"}, rsa},
    };
    for (size_t i = 0; i < std::size(cases); ++i)
        EXPECT_EQ(seen(*server.context, cases[i].client), cases[i].expected.der) << "case " << i;
}

TEST(TlsIdentity, OtherKeys) {
    ServerSide server;
    const auto p384 = make_certificate(TestKey::p384, "p384");
    const auto ed25519 = make_certificate(TestKey::ed25519, "ed25519");
    server.directory.put("a", {{.certificate = p384}});
    EXPECT_EQ(seen(server, "a"), p384.der);
    server.directory.put(
        "b", {{.certificate = ed25519, .key_type = KeyType::ed25519}, {.certificate = p384}});
    Conversation talk(*server.context,
                      {.server_name = "b", .signature_algorithms = {kEd25519, kEcdsaP256}});
    ASSERT_EQ(talk.handshake(), TlsStatus::done) << talk.server->error();
    EXPECT_EQ(talk.client.certificates().at(0), ed25519.der);
    EXPECT_EQ(talk.client.signature_algorithm(), kEd25519);
}

TEST(TlsIdentity, WhoCanVerifyNothingIsRefusedWithTheReason) {
    ServerSide server;
    server.directory.put("", {{.certificate = make_certificate(TestKey::p256, "x")}});
    Conversation talk(*server.context, {.signature_algorithms = {kRsaPssSha256}});
    EXPECT_EQ(talk.handshake(), TlsStatus::failed);
    EXPECT_EQ(talk.server->failure(), storage::TlsFailure::cipher);
    EXPECT_NE(talk.server->error().find("RSA"), std::string::npos);
}

TEST(TlsIdentity, ChainAndOcspResponseGoAlong) {
    ServerSide server;
    const auto leaf = make_certificate(TestKey::p256, "leaf");
    const auto issuer = make_certificate(TestKey::p256, "issuer");
    server.directory.put(
        "", {{.certificate = leaf, .ocsp_response = "an OCSP response", .more = {issuer.der}}});
    for (uint16_t version : {uint16_t{0x0303}, uint16_t{0x0304}}) {
        Conversation talk(*server.context, {.version_max = version});
        ASSERT_EQ(talk.handshake(), TlsStatus::done);
        EXPECT_EQ(talk.client.certificates(),
                  (std::vector<std::vector<uint8_t>>{leaf.der, issuer.der}));
        EXPECT_EQ(talk.client.ocsp_response(), "an OCSP response");
    }
}

TEST(TlsIdentity, PreferenceFollowsTheClock) {
    ServerSide server;
    const auto live = make_certificate(TestKey::p256, "live");
    const auto staged = make_certificate(TestKey::p256, "staged");
    server.directory.put("", {{.certificate = staged,
                               .type = CertificateType::staged,
                               .not_after_s = kTestTime + 40 * kDay},
                              {.certificate = live, .not_after_s = kTestTime + 30 * kDay}});
    const int64_t ends_soon_s = kTestTime + 29 * kDay;
    EXPECT_EQ(seen(server, ""), live.der);
    server.now_s = ends_soon_s;
    EXPECT_EQ(seen(server, ""), live.der);
    server.now_s = ends_soon_s + 1;
    EXPECT_EQ(seen(server, ""), staged.der) << "less than 24 hours are left";
    server.now_s = kTestTime + 39 * kDay + 1;
    EXPECT_EQ(seen(server, ""), staged.der) << "the live one has ended";
    server.now_s = kTestTime + 50 * kDay;
    EXPECT_FALSE(seen(server, "").empty()) << "an ended one is better than none";
    server.now_s = kTestTime;
    EXPECT_TRUE(server.reports.empty());
}

TEST(TlsIdentity, ANewCertificateThatIsNotYetValidWaits) {
    ServerSide server;
    const auto now = make_certificate(TestKey::p256, "now");
    const auto later = make_certificate(TestKey::p256, "later");
    server.directory.put("", {{.certificate = now, .type = CertificateType::staged},
                              {.certificate = later, .not_before_s = kTestTime + 100}});
    EXPECT_EQ(seen(server, ""), now.der);
    server.now_s = kTestTime + 99;
    EXPECT_EQ(seen(server, ""), now.der);
    server.now_s = kTestTime + 100;
    EXPECT_EQ(seen(server, ""), later.der);
}

TEST(TlsIdentity, PinsAreByService) {
    ServerSide server(TlsOptions{.service = Service::https});
    auto smtp = server.make_context({.service = Service::smtp});
    const auto live = make_certificate(TestKey::p256, "live");
    const auto staged = make_certificate(TestKey::p256, "staged");
    server.directory.put(
        "mx", {{.certificate = live}, {.certificate = staged, .type = CertificateType::staged}},
        {{Service::smtp, CertificateType::staged}});
    EXPECT_EQ(seen(server, "mx"), live.der);
    EXPECT_EQ(seen(*smtp, {.server_name = "mx"}), staged.der);
    EXPECT_EQ(seen(server, "mx"), live.der);
}

TEST(TlsIdentity, WhatCannotBeUsedIsPassedOverAndToldOnce) {
    ServerSide server;
    const auto good = make_certificate(TestKey::p256, "good");
    const auto other = make_certificate(TestKey::p256, "other");
    auto wrong_key = make_certificate(TestKey::p256, "wrong");
    wrong_key.key = other.key;
    auto garbage = make_certificate(TestKey::p256, "garbage");
    garbage.der.assign(100, 0x30);
    auto truncated = make_certificate(TestKey::p256, "truncated");
    truncated.der.pop_back();
    std::vector<uint8_t> forged = seal_for_test(other.key);
    forged.back() ^= 1;
    std::vector<uint8_t> unknown = seal_for_test(other.key);
    unknown[4] ^= 1;
    const auto broken_issuer = std::vector<std::vector<uint8_t>>{{1, 2, 3}};

    // The later it ends, the more it is preferred.
    int64_t end_s = kTestTime + 90 * kDay;
    const std::vector<TestCandidate> candidates = {
        {.certificate = wrong_key, .not_after_s = end_s--},
        {.certificate = garbage, .not_after_s = end_s--},
        {.certificate = truncated, .not_after_s = end_s--},
        {.certificate = other, .not_after_s = end_s--, .sealed_key = forged},
        {.certificate = other, .not_after_s = end_s--, .sealed_key = unknown},
        {.certificate = other, .not_after_s = end_s--, .sealed_key = {1, 2, 3}},
        {.certificate = other, .not_after_s = end_s--, .sealed_key = seal_for_test(bytes_of("no"))},
        {.certificate = other, .not_after_s = end_s--, .more = broken_issuer},
        {.certificate = good, .not_after_s = end_s},
    };
    server.directory.put("a", candidates);
    EXPECT_EQ(seen(server, "a"), good.der);
    EXPECT_EQ(seen(server, "a"), good.der);
    EXPECT_EQ(server.counters.identity_failures.load(), 8U);
    EXPECT_EQ(server.counters.identities_loaded.load(), 1U);
    const char* told[] = {"belongs to another certificate",
                          "does not parse",
                          "does not parse",
                          "damaged",
                          "not in the key file",
                          "sealed secret",
                          "PKCS #8",
                          "certificate 2 of the chain"};
    ASSERT_EQ(server.reports.size(), std::size(told));
    for (size_t i = 0; i < std::size(told); ++i) {
        EXPECT_EQ(server.reports[i].rfind("a: ", 0), 0U);
        EXPECT_NE(server.reports[i].find(told[i]), std::string::npos) << server.reports[i];
    }
}

TEST(TlsIdentity, ANameOfWhichNothingCanBeUsedFallsThrough) {
    ServerSide server;
    auto broken = make_certificate(TestKey::p256, "broken");
    broken.key = make_certificate(TestKey::p256, "x").key;
    const auto wildcard = make_certificate(TestKey::p256, "*.example.org");
    server.directory.put("a.example.org", {{.certificate = broken}});
    server.directory.put_octets("b.example.org", bytes_of("not an identity"));
    server.directory.put("*.example.org", {{.certificate = wildcard}});
    EXPECT_EQ(seen(server, "a.example.org"), wildcard.der);
    EXPECT_EQ(seen(server, "b.example.org"), wildcard.der);
    EXPECT_EQ(seen(server, "b.example.org"), wildcard.der);
    EXPECT_EQ(server.counters.identity_failures.load(), 2U);
}

TEST(TlsIdentity, AChangeHoldsForTheNextConnectionAndOpenOnesLiveOn) {
    ServerSide server;
    const auto first = make_certificate(TestKey::p256, "first");
    const auto second = make_certificate(TestKey::rsa, "second");
    server.directory.put("a", {{.certificate = first}});
    Conversation open(*server.context, {.server_name = "a"});
    ASSERT_EQ(open.handshake(), TlsStatus::done);
    // One that is in the middle keeps what it was given.
    Conversation half(*server.context, {.server_name = "a"});
    half.client.handshake();
    half.to_server();
    EXPECT_EQ(half.server->handshake(), TlsStatus::want_input);

    server.directory.put("a", {{.certificate = second, .key_type = KeyType::rsa}});
    EXPECT_EQ(seen(server, "a"), second.der);
    half.to_client();
    ASSERT_TRUE(half.client.handshake());
    half.to_server();
    EXPECT_EQ(half.server->handshake(), TlsStatus::done);
    EXPECT_EQ(half.client.certificates().at(0), first.der);

    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(open.client.write("still there"));
        open.to_server();
        EXPECT_EQ(open.server_read(), "still there");
    }
    for (int i = 0; i < 100; ++i) {
        const auto next = make_certificate(TestKey::p256, "next");
        server.directory.put("a", {{.certificate = next}});
        EXPECT_EQ(seen(server, "a"), next.der);
    }
    EXPECT_EQ(server.identities->kept(), 1U);
    EXPECT_EQ(server.counters.identity_failures.load(), 0U);
}

}  // namespace
}  // namespace gatepost::tests
