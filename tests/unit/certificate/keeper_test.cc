#include "controlplane/certificate/keeper.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>

#include "controlplane/certificate/keeper_pass.h"
#include "controlplane/certificate/key_file.h"
#include "controlplane/certificate/new_certificate.h"
#include "controlplane/certificate/self_signed.h"
#include "tests/unit/certificate/certificate_test_server.h"
#include "tests/unit/certificate/test_ca.h"

namespace gatepost::controlplane {
namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

constexpr std::chrono::seconds kPatience{60};  // only a hang lasts so long

class Keeper : public testing::Test {
  protected:
    void SetUp() override {
        char folder[] = "/tmp/gatepost-keeper-XXXXXX";
        ASSERT_NE(::mkdtemp(folder), nullptr);
        folder_ = folder;
        connection_ = new_database(&dsn_);
        auto ring = ensure_key_file(key_file());
        ASSERT_TRUE(ring) << ring.error().message;
        ring_ = std::move(*ring);
    }
    void TearDown() override { fs::remove_all(folder_); }

    std::string key_file() const { return folder_ + "/secret.key"; }

    Names made(const std::string& server_name = "host.example.net") {
        auto kept = keep_self_signed(connection_, ring_, server_name,
                                     static_cast<int64_t>(std::time(nullptr)));
        EXPECT_TRUE(kept) << (kept ? "" : kept.error().message);
        return kept ? kept->made : Names();
    }
    void put(const std::string& domain, storage::CertificateType type, int64_t days) {
        const auto now = static_cast<int64_t>(std::time(nullptr));
        const TestCertificate leaf = issue({.common_name = domain,
                                            .alternative_names = "DNS:" + domain,
                                            .not_before_s = now - 100 * kTestDay,
                                            .not_after_s = now + days * kTestDay});
        auto row = new_certificate({domain, type, "import"}, *chain_from_pem(leaf.pem()),
                                   *PrivateKey::from_pem(leaf.key_pem()), ring_);
        ASSERT_TRUE(row) << row.error().message;
        ASSERT_TRUE(certificate_put(connection_, *row, {}));
    }
    void wait_for(const std::string& sql) {
        const auto until = std::chrono::steady_clock::now() + kPatience;
        while (std::chrono::steady_clock::now() < until) {
            if (value(connection_, sql) == "t") return;
            ::usleep(10'000);
        }
        FAIL() << "in " << kPatience.count() << " s, this did not come true: " << sql;
    }

    std::string folder_;
    std::string dsn_;
    Connection connection_;
    storage::KeyRing ring_;
};

TEST_F(Keeper, TheServersNameHasACertificate) {
    EXPECT_EQ(made(), Names{"host.example.net"});
    EXPECT_EQ(made(), Names{}) << "once is enough";
    EXPECT_EQ(made(""), Names{});
    auto stored = certificate_get(connection_, {.domain = "host.example.net"});
    ASSERT_TRUE(stored) << stored.error().message;
    const CertificateInfo& info = stored->front().info;
    EXPECT_EQ(info.type + " " + info.key_type + " " + info.source + " " + info.status,
              "self-signed ecdsa keeper valid");
    EXPECT_EQ(info.names, Names{"host.example.net"});
    auto chain = chain_from_pem(stored->front().chain);
    auto key = PrivateKey::unseal(stored->front().sealed_key, ring_);
    ASSERT_TRUE(chain && key);
    EXPECT_TRUE(check_key_matches(*chain, *key));
    EXPECT_EQ(info.fingerprint, chain->leaf.fingerprint);
}

TEST_F(Keeper, WhereTlsIsUsedAndNowhereElse) {
    must(connection_,
         "INSERT INTO gatepost.domains (name) SELECT 'd' || i || '.org.' FROM generate_series(1, "
         "5) i; INSERT INTO gatepost.service_certificates VALUES ('smtp', 'd1.org', 'live'), "
         "('dns', 'd1.org', 'live'), ('*', 'dns.else.net', 'staged')");
    EXPECT_EQ(made(""), (Names{"d1.org", "dns.else.net"}));
    EXPECT_EQ(certificate_list(connection_, {.domain = "d1.org"})->front().names,
              (Names{"d1.org", "*.d1.org"}))
        << "a registered domain, with what is below it";
    EXPECT_EQ(certificate_list(connection_, {.domain = "dns.else.net"})->front().names,
              Names{"dns.else.net"});
}

TEST_F(Keeper, RenewsInTime) {
    put("a.org", storage::CertificateType::self_signed, 31);
    put("b.org", storage::CertificateType::self_signed, 29);
    put("c.org", storage::CertificateType::self_signed, -3);
    EXPECT_EQ(made(""), (Names{"b.org", "c.org"}));
    EXPECT_EQ(made(""), Names{});
    EXPECT_EQ(value(connection_, "SELECT count(*) FROM gatepost.certificates"), "3");
}

TEST_F(Keeper, BehindOthersThatRunOut) {
    put("a.org", storage::CertificateType::live, 60);
    put("b.org", storage::CertificateType::live, 20);
    put("c.org", storage::CertificateType::live, 20);
    put("c.org", storage::CertificateType::staged, 60);
    EXPECT_EQ(made(""), Names{"b.org"});
}

TEST_F(Keeper, OneEdgeAtATime) {
    auto other = Connection::open(dsn_, "other");
    must(*other, "BEGIN; SELECT pg_advisory_xact_lock(x'67706b6565706572'::bigint)");
    auto kept = keep_self_signed(connection_, ring_, "host.example.net", 0);
    ASSERT_TRUE(kept);
    EXPECT_TRUE(kept->is_busy);
    EXPECT_EQ(value(connection_, "SELECT count(*) FROM gatepost.certificates"), "0");
    EXPECT_FALSE(connection_.in_transaction());
    must(*other, "ROLLBACK");
    EXPECT_EQ(made(), Names{"host.example.net"});
}

TEST_F(Keeper, ManyAreMadeBatchByBatch) {
    must(connection_,
         "INSERT INTO gatepost.service_certificates SELECT 'dns', 'd' || i || '.org', 'live' FROM "
         "generate_series(1, 130) i");
    auto kept = keep_self_signed(connection_, ring_, "", static_cast<int64_t>(std::time(nullptr)));
    ASSERT_TRUE(kept) << kept.error().message;
    EXPECT_FALSE(kept->is_complete);
    EXPECT_EQ(kept->made.size(), 100u);
    EXPECT_EQ(made("").size(), 30u);
}

TEST_F(Keeper, KnowsWhatRunsOutAndWhatItCannotOpen) {
    put("a.org", storage::CertificateType::live, 60);
    put("b.org", storage::CertificateType::live, 20);
    put("c.org", storage::CertificateType::live, -2);
    put("c.org", storage::CertificateType::staged, 60);
    put("d.org", storage::CertificateType::live, 5);
    auto expiring = expiring_certificates(connection_, 10);
    ASSERT_TRUE(expiring) << expiring.error().message;
    ASSERT_EQ(expiring->size(), 2u) << "c.org is served with the staged one";
    EXPECT_EQ((*expiring)[0].domain, "d.org");
    EXPECT_EQ((*expiring)[0].days_left, 4);
    EXPECT_EQ((*expiring)[1].domain, "b.org");
    EXPECT_EQ((*expiring)[1].used_by.size(), 6u);
    auto foreign = certificates_of_other_keys(connection_, ring_);
    ASSERT_TRUE(foreign) << foreign.error().message;
    EXPECT_EQ(foreign->count, 0);
    auto other_ring = ensure_key_file(folder_ + "/other.key");
    foreign = certificates_of_other_keys(connection_, *other_ring);
    EXPECT_EQ(foreign->count, 5);
    EXPECT_EQ(foreign->domain, "a.org");
    EXPECT_EQ(foreign->key, certificate_list(connection_)->front().sealing_key);
}

TEST_F(Keeper, InItsThread) {
    KeeperOptions options{.dsn = dsn_, .key_file = key_file(), .server_name = "host.example.net"};
    options.settle = std::chrono::milliseconds(1);
    CertificateKeeper keeper(options);
    ASSERT_TRUE(keeper.start());
    wait_for("SELECT count(*) = 1 FROM gatepost.certificates WHERE domain = 'host.example.net'");
    must(connection_,
         "INSERT INTO gatepost.service_certificates VALUES ('imap', 'mail.example.org', 'live')");
    wait_for("SELECT count(*) = 1 FROM gatepost.certificates WHERE domain = 'mail.example.org'");
    // It does not answer itself: the last thing it did was to look once.
    must(connection_, "DELETE FROM gatepost.certificates WHERE domain = 'mail.example.org'");
    wait_for("SELECT count(*) = 1 FROM gatepost.certificates WHERE domain = 'mail.example.org'");
    // Its connection broken, it comes again.
    must(connection_,
         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
         "'gatepost-certificates'");
    must(connection_, "DELETE FROM gatepost.certificates");
    wait_for("SELECT count(*) = 2 FROM gatepost.certificates");
    keeper.request_stop();
    EXPECT_TRUE(keeper.wait_stopped(kPatience));
}

TEST_F(Keeper, StopsWhileTheDatabaseIsAway) {
    CertificateKeeper keeper({.dsn = "host=/nonexistent", .key_file = key_file()});
    ASSERT_TRUE(keeper.start());
    keeper.request_stop();
    EXPECT_TRUE(keeper.wait_stopped(kPatience));
}

}  // namespace
}  // namespace gatepost::controlplane
