// What the values of entries look like, and which certificate is offered first.
#include <gtest/gtest.h>

#include "storage/directory/redirect.h"
#include "storage/directory/service.h"
#include "storage/directory/tls_identity.h"
#include "tests/unit/directory/test_directory.h"

namespace gatepost::tests {
namespace {

using namespace gatepost::storage;  // NOLINT: the whole of a folder is under test

constexpr int64_t kDay = 24 * 3600;
constexpr int64_t kNow = 1'800'000'000;

CertificateCandidate candidate(CertificateType type, KeyType key_type, int64_t days_left,
                               int64_t days_old = 1) {
    CertificateCandidate result;
    result.type = type;
    result.key_type = key_type;
    result.not_before_s = kNow - days_old * kDay;
    result.not_after_s = kNow + days_left * kDay;
    result.chain = {octets_of("leaf"), octets_of("intermediate")};
    result.sealed_key = octets_of("sealed");
    return result;
}

TEST(TlsIdentity, IsReadAsItWasWritten) {
    TlsIdentity identity;
    identity.candidates.push_back(candidate(CertificateType::staged, KeyType::rsa, 90));
    identity.candidates.push_back(candidate(CertificateType::live, KeyType::ed25519, 10));
    identity.candidates[1].ocsp_response = octets_of("good");
    identity.pinned[static_cast<size_t>(Service::smtp)] = CertificateType::self_signed;
    const auto octets = encode_tls_identity(identity);
    const auto read = decode_tls_identity(octets);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    ASSERT_EQ(read->candidates.size(), 2u);
    const CertificateCandidate& first = read->candidates[0];
    EXPECT_EQ(first.type, CertificateType::staged);
    EXPECT_EQ(first.key_type, KeyType::rsa);
    EXPECT_EQ(first.not_after_s, kNow + 90 * kDay);
    ASSERT_EQ(first.chain.size(), 2u);
    EXPECT_EQ(text_of(first.chain[1]), "intermediate");
    EXPECT_EQ(text_of(first.sealed_key), "sealed");
    EXPECT_TRUE(first.ocsp_response.empty());
    EXPECT_EQ(text_of(read->candidates[1].ocsp_response), "good");
    EXPECT_EQ(read->pinned[static_cast<size_t>(Service::smtp)], CertificateType::self_signed);
    EXPECT_EQ(read->pinned[static_cast<size_t>(Service::dns)], std::nullopt);
}

TEST(TlsIdentity, EveryCutAndWhatIsOutOfRangeIsRefused) {
    TlsIdentity identity;
    identity.candidates.push_back(candidate(CertificateType::live, KeyType::ecdsa, 90));
    const auto octets = encode_tls_identity(identity);
    for (size_t length = 0; length < octets.size(); ++length)
        EXPECT_FALSE(decode_tls_identity(Bytes(octets).first(length)).has_value()) << length;
    auto longer = octets;
    longer.push_back(0);
    EXPECT_FALSE(decode_tls_identity(longer).has_value());
    for (const size_t at : {size_t{0}, kServices, kServices + 1, kServices + 2, kServices + 19}) {
        auto broken = octets;
        broken[at] = 99;  // a pinned type, the counts, type and key type
        EXPECT_FALSE(decode_tls_identity(broken).has_value()) << at;
    }
}

TEST(TlsIdentity, OrderOfPreference) {
    using enum CertificateType;
    TlsIdentity identity;
    identity.candidates = {
        candidate(self_signed, KeyType::ecdsa, 3000),  // 0
        candidate(live, KeyType::rsa, 80),             // 1
        candidate(staged, KeyType::ecdsa, 90),         // 2
        candidate(live, KeyType::ecdsa, 60),           // 3
        candidate(live, KeyType::ed25519, 60),         // 4
        candidate(live, KeyType::ecdsa, 70),           // 5
    };
    const auto order = [&](Service service, int64_t now) {
        return candidates_by_preference(identity, service, now);
    };
    using Order = std::vector<size_t>;
    EXPECT_EQ(order(Service::https, kNow), (Order{5, 3, 4, 1, 2, 0}));
    identity.pinned[static_cast<size_t>(Service::https)] = staged;
    EXPECT_EQ(order(Service::https, kNow), (Order{2, 5, 3, 4, 1, 0}));
    EXPECT_EQ(order(Service::dns, kNow), (Order{5, 3, 4, 1, 2, 0}));
    // All that the CA gave ends or has ended, and our own is still good.
    EXPECT_EQ(order(Service::dns, kNow + 60 * kDay - 100), (Order{5, 1, 2, 0, 3, 4}));
    EXPECT_EQ(order(Service::dns, kNow + 89 * kDay + 100), (Order{0, 2, 5, 3, 4, 1}));
    // A pin does not bring a certificate back from the dead.
    EXPECT_EQ(order(Service::https, kNow + 91 * kDay), (Order{0, 2, 5, 3, 4, 1}));
    // Not valid yet.
    EXPECT_EQ(order(Service::dns, kNow - 2 * kDay).size(), 6u);
    identity.candidates[3].not_before_s = kNow + kDay;
    EXPECT_EQ(order(Service::dns, kNow), (Order{5, 4, 1, 2, 0, 3}));
}

TEST(Redirect, IsReadAsItWasWritten) {
    const auto octets = encode_redirect({"https://www.example.org/", 302, false});
    const auto read = decode_redirect(octets);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->url, "https://www.example.org/");
    EXPECT_EQ(read->code, 302);
    EXPECT_FALSE(read->keep_path);
    EXPECT_TRUE(decode_redirect(encode_redirect({"https://x/"}))->keep_path);
    for (size_t length = 0; length < 4; ++length)
        EXPECT_FALSE(decode_redirect(Bytes(octets).first(length)).has_value()) << length;
    EXPECT_FALSE(decode_redirect(encode_redirect({"https://x/", 200})).has_value());
    auto broken = octets;
    broken[2] = 2;
    EXPECT_FALSE(decode_redirect(broken).has_value());
}

TEST(Service, NamesGoBothWays) {
    for (size_t i = 0; i < kServices; ++i) {
        const auto service = static_cast<Service>(i);
        EXPECT_EQ(service_from_name(service_name(service)), service);
    }
    EXPECT_EQ(service_from_name("HTTPS"), std::nullopt);
    EXPECT_EQ(service_from_name("*"), std::nullopt);
    EXPECT_EQ(service_name(Service::sieve), "sieve");
}

}  // namespace
}  // namespace gatepost::tests
