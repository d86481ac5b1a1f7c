#include "controlplane/model/certificate.h"

#include <gtest/gtest.h>

#include "controlplane/model/acme_challenge.h"
#include "controlplane/model/history.h"
#include "controlplane/model/host_name.h"
#include "controlplane/model/redirect.h"
#include "tests/unit/model/model_test_server.h"

namespace gatepost::controlplane {
namespace {

constexpr int64_t kDay = 24 * 3600;

NewCertificate row(const std::string& domain, const std::string& type, const std::string& mark) {
    const auto now = static_cast<int64_t>(std::time(nullptr));
    std::vector<uint8_t> sealed(60);
    std::copy_n("GPS1", 4, sealed.begin());
    return {.domain = domain,
            .type = type,
            .key_type = "ecdsa",
            .chain = "-----BEGIN CERTIFICATE-----\n" + mark,
            .sealed_key = std::move(sealed),
            .ocsp_response = {},
            .names = {domain, "x." + domain},
            .issuer = "CN=Issuer \"quoted\"",
            .subject = "CN=" + domain,
            .serial_number = "0a",
            .fingerprint = mark,
            .not_before_s = now - kDay,
            .not_after_s = now + 60 * kDay + 60,
            .source = "import"};
}

TEST(Certificate, PutReplacesAndRemove) {
    Connection connection = new_database();
    auto dry = certificate_put(connection, row("a.org", "live", "f1"), {.dry_run = true});
    ASSERT_TRUE(dry) << dry.error().message;
    EXPECT_EQ(dry->lsn, 0u);
    EXPECT_EQ(dry->after.front().fingerprint, "f1");
    EXPECT_TRUE(certificate_list(connection)->empty());

    auto first = certificate_put(connection, row("a.org", "live", "f1"), {.actor = "ada"});
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_NE(first->lsn, 0u);
    auto same = certificate_put(connection, row("a.org", "live", "f1"), {});
    EXPECT_EQ(same->lsn, 0u) << "nothing changed";
    auto second = certificate_put(connection, row("a.org", "live", "f2"), {});
    EXPECT_NE(second->lsn, 0u);
    EXPECT_EQ(second->before.front().fingerprint, "f1");
    auto with_ocsp = row("a.org", "live", "f2");
    with_ocsp.ocsp_response = {1, 2, 3};
    EXPECT_TRUE(certificate_put(connection, with_ocsp, {})->after.front().has_ocsp_response);
    auto resealed = with_ocsp;
    resealed.sealed_key[5] = 9;
    EXPECT_NE(certificate_put(connection, resealed, {})->lsn, 0u) << "another key of the key file";
    ASSERT_TRUE(certificate_put(connection, row("a.org", "staged", "f3"), {}));
    ASSERT_TRUE(certificate_put(connection, row("b.org", "live", "f4"), {}));

    auto all = certificate_list(connection);
    ASSERT_EQ(all->size(), 3u);
    const CertificateInfo& live = all->front();
    EXPECT_EQ(live.names, (std::vector<std::string>{"a.org", "x.a.org"}));
    EXPECT_EQ(live.issuer, "CN=Issuer \"quoted\"");
    EXPECT_EQ(live.days_left, 60);
    EXPECT_EQ(live.status, "valid");
    EXPECT_EQ(live.sealing_key, "0009000000000000");
    EXPECT_EQ(live.used_by.size(), 6u);
    EXPECT_TRUE((*all)[1].used_by.empty());
    EXPECT_EQ(certificate_list(connection, {.domain = "a.org", .type = "staged"})->size(), 1u);
    EXPECT_EQ(certificate_list(connection, {.expire_days = 61})->size(), 3u);
    EXPECT_EQ(certificate_list(connection, {.expire_days = 30})->size(), 0u);
    auto stored = certificate_get(connection, {.domain = "a.org", .type = "live"});
    EXPECT_EQ(stored->front().sealed_key, resealed.sealed_key);
    EXPECT_EQ(stored->front().chain, resealed.chain);

    EXPECT_EQ(certificate_remove(connection, {.domain = "a.org"}, {})->before.size(), 2u);
    EXPECT_ERROR(certificate_remove(connection, {.domain = "a.org"}, {}), ErrorCode::refused,
                 "there is no certificate for a.org");
    EXPECT_ERROR(certificate_get(connection, {.domain = "c.org", .type = "live"}),
                 ErrorCode::refused, "there is no live certificate for c.org");
    HistoryListOptions history;
    history.type = "CERTIFICATE";
    history.who = "ada";
    EXPECT_EQ(history_list(connection, history)->size(), 1u);
}

TEST(Certificate, SelectionOfServices) {
    Connection connection = new_database();
    auto set = service_certificate_set(connection, {"smtp", "a.org", "staged"}, {});
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(set->before, "");
    EXPECT_NE(set->lsn, 0u);
    EXPECT_EQ(service_certificate_set(connection, {"smtp", "a.org", "staged"}, {})->lsn, 0u);
    EXPECT_EQ(
        service_certificate_set(connection, {"smtp", "a.org", "live"}, {.dry_run = true})->before,
        "staged");
    ASSERT_TRUE(service_certificate_set(connection, {"*", "b.org", "live"}, {}));
    EXPECT_EQ(service_certificate_list(connection, "a.org")->front().type, "staged");
    EXPECT_EQ(service_certificate_list(connection)->size(), 2u);
    ASSERT_TRUE(service_certificate_set(connection, {"smtp", "a.org", ""}, {}));
    EXPECT_EQ(service_certificate_list(connection)->size(), 1u);
    EXPECT_EQ(service_certificate_set(connection, {"smtp", "a.org", ""}, {})->lsn, 0u);
}

TEST(Redirect, SetReplacesAndRemove) {
    Connection connection = new_database();
    const controlplane::Redirect one{"a.org", "https://b.org/x", 301, false};
    EXPECT_NE(redirect_set(connection, one, {})->lsn, 0u);
    EXPECT_EQ(redirect_set(connection, one, {})->lsn, 0u);
    EXPECT_EQ(redirect_set(connection, {"a.org", "https://c.org"}, {})->before.front(), one);
    EXPECT_EQ(redirect_list(connection)->front().code, 308);
    EXPECT_ERROR(redirect_set(connection, {"a.org", "c.org"}, {}), ErrorCode::usage, "absolute");
    EXPECT_ERROR(redirect_set(connection, {"a.org", "https://a b/"}, {}), ErrorCode::usage,
                 "blank");
    EXPECT_ERROR(redirect_set(connection, {"a.org", "https://u@a.org"}, {}), ErrorCode::usage,
                 "user");
    EXPECT_TRUE(redirect_remove(connection, "a.org", {}));
    EXPECT_ERROR(redirect_remove(connection, "a.org", {}), ErrorCode::refused, "not redirected");
    EXPECT_EQ(host_of_url("https://Example.org:8443/x"), "example.org");
    EXPECT_EQ(host_of_url("https://[::1]/"), "");
}

TEST(AcmeChallenge, PutAndRemove) {
    Connection connection = new_database();
    ASSERT_TRUE(acme_challenge_put(connection, {"a.org", "tok", "tok.one"}, {}));
    ASSERT_TRUE(acme_challenge_put(connection, {"a.org", "tok", "tok.two"}, {}));
    ASSERT_TRUE(acme_challenge_put(connection, {"b.org", "tok", "tok.one"}, {.dry_run = true}));
    ASSERT_EQ(acme_challenge_list(connection)->size(), 1u);
    EXPECT_EQ(acme_challenge_list(connection)->front().key_authorization, "tok.two");
    EXPECT_ERROR(acme_challenge_put(connection, {"a.org", "t", "other.one"}, {}),
                 ErrorCode::invalid, "key_authorization");
    EXPECT_EQ(*acme_challenge_remove_older(connection, std::chrono::hours(1)), 0);
    EXPECT_EQ(*acme_challenge_remove_older(connection, std::chrono::seconds(-1)), 1);
    EXPECT_TRUE(acme_challenge_remove(connection, "a.org", "tok", {}));
}

TEST(HostName, AsPeopleWriteThem) {
    EXPECT_EQ(*host_from_text("Mail.Example.ORG."), "mail.example.org");
    EXPECT_EQ(*host_from_text("*.example.org"), "*.example.org");
    EXPECT_EQ(*host_from_text("localhost"), "localhost");
    EXPECT_EQ(*host_from_text("_dmarc.example.org"), "_dmarc.example.org");
    for (const std::string text : {"", ".", "a..b", "a b", "*", "x.*.org", "-a.org", "a-.org",
                                   "zürich.ch", "a.org..", "a_b.c/d", std::string(64, 'a').c_str()})
        EXPECT_FALSE(host_from_text(text)) << text;
    EXPECT_FALSE(is_host_name("Example.org"));
    EXPECT_TRUE(names_cover({"a.org", "*.b.org"}, "x.b.org"));
    EXPECT_FALSE(names_cover({"*.b.org"}, "b.org"));
    EXPECT_FALSE(names_cover({"*.b.org"}, "y.x.b.org"));
    EXPECT_FALSE(names_cover({}, "b.org"));
}

}  // namespace
}  // namespace gatepost::controlplane
