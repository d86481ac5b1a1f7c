// The parts that handshakes are made of, each by itself.
#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "dataplane/tls/client_offer.h"
#include "dataplane/tls/unseal.h"
#include "tests/unit/tls/conversation.h"

namespace gatepost::tests {
namespace {

using dataplane::clean_server_name;
using dataplane::TicketKeys;
using storage::Service;

TEST(ServerName, IsAHostNameInLowerCase) {
    EXPECT_EQ(clean_server_name("WWW.Example.ORG"), "www.example.org");
    EXPECT_EQ(clean_server_name("www.example.org."), "www.example.org");
    EXPECT_EQ(clean_server_name("_dmarc.a-b.1x"), "_dmarc.a-b.1x");
    EXPECT_EQ(clean_server_name("localhost"), "localhost");
    EXPECT_EQ(clean_server_name(std::string(63, 'a') + ".b"), std::string(63, 'a') + ".b");
    const std::string long_enough = std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                                    std::string(63, 'c') + "." + std::string(61, 'd');
    EXPECT_EQ(clean_server_name(long_enough), long_enough);
    EXPECT_EQ(clean_server_name(long_enough + "d"), "");
    for (const char* bad : {"", ".", "..", "a..b", ".a", "a b", "192.0.2.1", "1.2", "::1", "[::1]",
                            "*.a", "a/b", "a\x01", "\xc3\xa4"})
        EXPECT_EQ(clean_server_name(bad), "") << bad;
    EXPECT_EQ(clean_server_name(std::string(64, 'a')), "");
    EXPECT_EQ(clean_server_name(std::string_view("a\0b", 3)), "");
}

TEST(TicketKeysTest, RotateByTheClock) {
    TicketKeys keys;
    EXPECT_FALSE(keys.rotate(1000));
    EXPECT_FALSE(keys.rotate(1000 + dataplane::kTicketKeyLifeMs - 1));
    const dataplane::TicketKey first = keys.current();
    EXPECT_TRUE(keys.rotate(1000 + dataplane::kTicketKeyLifeMs));
    EXPECT_NE(keys.current().name, first.name);
    EXPECT_NE(keys.current().aes, first.aes);
    EXPECT_NE(keys.current().hmac, first.hmac);
    bool is_current = true;
    const dataplane::TicketKey* found = keys.find(first.name.data(), is_current);
    ASSERT_NE(found, nullptr);
    EXPECT_FALSE(is_current);
    EXPECT_EQ(found->aes, first.aes);
    EXPECT_NE(keys.find(keys.current().name.data(), is_current), nullptr);
    EXPECT_TRUE(is_current);
}

TEST(TicketKeysTest, KeepAsManyAsTheySayForEver) {
    TicketKeys keys;
    uint64_t now_ms = 1;
    keys.rotate(now_ms);
    std::vector<dataplane::TicketKey> made = {keys.current()};
    bool is_current = false;
    for (int round = 0; round < 20; ++round) {
        EXPECT_TRUE(keys.rotate(now_ms += dataplane::kTicketKeyLifeMs));
        made.push_back(keys.current());
        for (size_t age = 0; age < made.size(); ++age) {
            const auto& key = made[made.size() - 1 - age];
            EXPECT_EQ(keys.find(key.name.data(), is_current) != nullptr,
                      age < dataplane::kTicketKeysKept);
        }
    }
    // What was wiped has a name of zeros.
    const uint8_t zeros[16] = {};
    EXPECT_EQ(keys.find(zeros, is_current), nullptr);
}

TEST(Unseal, OpensWhatWasSealedForTheSamePurpose) {
    const auto sealed = seal_for_test(bytes_of("secret"));
    auto opened = dataplane::unseal(sealed, storage::kSealedCertificateKey, test_key_ring());
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(std::string(opened->bytes().begin(), opened->bytes().end()), "secret");

    auto other = dataplane::unseal(sealed, "gatepost something else 1", test_key_ring());
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().code, ErrorCode::invalid);
    auto none = dataplane::unseal(sealed, storage::kSealedCertificateKey, {});
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().code, ErrorCode::permission);
    EXPECT_NE(none.error().message.find("0102030405060708"), std::string::npos);
}

TEST(Unseal, RefusesEveryChangeAndEveryCut) {
    const auto sealed = seal_for_test(bytes_of("secret"));
    for (size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] ^= 0x10;
        EXPECT_FALSE(dataplane::unseal(changed, storage::kSealedCertificateKey, test_key_ring()))
            << i;
        EXPECT_FALSE(dataplane::unseal(Bytes(sealed).first(i), storage::kSealedCertificateKey,
                                       test_key_ring()))
            << i;
    }
}

TEST(SelfSigned, NamesTheHostAndLocalhost) {
    auto made =
        dataplane::make_self_signed({"edge.example.net", "localhost"}, kTestTime, kTestTime + kDay);
    ASSERT_TRUE(made.has_value());
    const uint8_t* at = made->certificate.data();
    bssl::UniquePtr<X509> x509(d2i_X509(nullptr, &at, static_cast<long>(made->certificate.size())));
    ASSERT_NE(x509, nullptr);
    for (std::string name : {"edge.example.net", "localhost"})
        EXPECT_EQ(X509_check_host(x509.get(), name.data(), name.size(), 0, nullptr), 1) << name;
    EXPECT_EQ(X509_check_host(x509.get(), "example.net", 11, 0, nullptr), 0);
    bssl::UniquePtr<EVP_PKEY> key(X509_get_pubkey(x509.get()));
    EXPECT_EQ(X509_verify(x509.get(), key.get()), 1);
    EXPECT_FALSE(dataplane::make_self_signed({}, 0, 1).has_value());
    auto long_name = dataplane::make_self_signed(
        {std::string(63, 'a') + "." + std::string(63, 'b')}, kTestTime, kTestTime + kDay);
    EXPECT_TRUE(long_name.has_value());
}

TEST(SelfSigned, AnotherOneADayBeforeTheEnd) {
    auto made = dataplane::SelfSignedIdentity::create("not a host name!", kTestTime);
    ASSERT_TRUE(made.has_value());
    const auto first = (*made)->current(kTestTime);
    EXPECT_FALSE(first->empty());
    const int64_t last_s = kTestTime + dataplane::kSelfSignedLifeS - kDay - 1;
    EXPECT_EQ((*made)->current(last_s), first);
    const auto second = (*made)->current(last_s + 1);
    EXPECT_NE(second, first);
    EXPECT_GT(second->valid_until_s(), last_s + 1);
}

TEST(DirectoryIdentities, KeepsNoMoreThanItsBound) {
    ServerSide server;
    const TestCandidate candidate{.certificate = make_certificate(TestKey::p256, "x")};
    const size_t count = dataplane::kIdentitiesKept + 10;
    for (size_t i = 0; i < count; ++i) server.directory.put("h" + std::to_string(i), {candidate});
    auto use = [&](size_t i) {
        EXPECT_FALSE(server.identities->find("h" + std::to_string(i), Service::dns).empty());
    };
    for (size_t i = 0; i < count; ++i) {
        use(i);
        use(0);
    }
    EXPECT_EQ(server.identities->kept(), dataplane::kIdentitiesKept);
    EXPECT_EQ(server.counters.identities_loaded.load(), count);
    use(0);
    use(count - 1);
    EXPECT_EQ(server.counters.identities_loaded.load(), count) << "in use, so kept";
    use(1);
    EXPECT_EQ(server.counters.identities_loaded.load(), count + 1) << "not in use for longest";
}

TEST(DirectoryIdentities, AnotherKeyFileOpensWhatTheOneBeforeDidNot) {
    ServerSide server;
    server.directory.put("a", {{.certificate = make_certificate(TestKey::p256, "a")}});
    server.keys.set({});
    const auto shown = [&] { return &server.identities->find("a", Service::dns); };
    EXPECT_EQ(shown(), server.self_signed->current(server.now_s).get());
    EXPECT_EQ(server.reports.size(), 1U);
    shown();
    EXPECT_EQ(server.reports.size(), 1U) << "once is enough";
    server.keys.set(test_key_ring());
    EXPECT_NE(shown(), server.self_signed->current(server.now_s).get());
    EXPECT_EQ(server.counters.identities_loaded.load(), 1U);
}

TEST(DirectoryIdentities, AnotherArenaIsReadAnew) {
    ServerSide server;
    const TestCandidate candidate{.certificate = make_certificate(TestKey::p256, "x")};
    server.directory.put("a", {candidate});
    server.identities->find("a", Service::dns);
    server.directory = TestDirectory(2);
    server.directory.put("b", {candidate});
    server.identities->find("a", Service::dns);
    EXPECT_EQ(server.identities->kept(), 0U);
    server.identities->find("b", Service::dns);
    EXPECT_EQ(server.identities->kept(), 1U);
    EXPECT_EQ(server.counters.identities_loaded.load(), 2U);
}

}  // namespace
}  // namespace gatepost::tests
