// Certificates and their kin on the way from a COMMIT in a real PostgreSQL to the directory.
#include <gtest/gtest.h>

#include "storage/directory/redirect.h"
#include "tests/unit/sync/sync_fixture.h"

namespace gatepost::controlplane::tests {
namespace {

using storage::EntryKind;

class DirectorySyncTest : public SyncServiceTest {
  protected:
    std::string bytea(const std::vector<uint8_t>& octets) {
        std::string hex;
        for (const uint8_t octet : octets) hex += fmt::format("{:02x}", octet);
        return fmt::format("'\\x{}'", hex);
    }
    std::string insert(const std::string& domain, const std::string& type,
                       const TestCertificates::Made& made, const std::string& names) {
        return fmt::format(
            "INSERT INTO gatepost.certificates (domain, type, key_type, chain, sealed_key, names,"
            " not_before, not_after) VALUES ('{}', '{}', 'ecdsa', {}, {}, '{{{}}}', now(),"
            " now() + interval '90 days');",
            domain, type, connection.quote_literal(made.chain), bytea(made.sealed_key), names);
    }
    std::string insert(const std::string& domain, const std::string& type) {
        return insert(domain, type, certificates.make({domain}), domain);
    }
    size_t held() const { return sync->board().held_entries()->count(); }
    uint64_t loads() const { return sync->board().status().loads_total; }
};

TEST_F(DirectorySyncTest, LoadsWhatIsThere) {
    execute(insert("example.org", "live") + insert("example.org", "self-signed") +
            insert("broken.example", "live",
                   {certificates.make({"broken.example"}).chain,
                    certificates.make({"broken.example"}).sealed_key},
                   "broken.example") +
            "INSERT INTO gatepost.service_certificates VALUES ('dns', 'example.org', 'live');"
            "INSERT INTO gatepost.redirects (host, url) VALUES ('a.example', 'https://b.example/');"
            "INSERT INTO gatepost.acme_challenges (host, token, key_authorization)"
            " VALUES ('a.example', 'tok', 'tok.thumb')");
    start_and_stream();
    EXPECT_EQ(types("example.org"), "live self-signed");
    EXPECT_EQ(types(""), "live self-signed");
    EXPECT_EQ(types("broken.example"), "");
    ASSERT_EQ(held(), 1u);
    EXPECT_FALSE(sync->board().held_entries()->list(1)[0].served);
    EXPECT_EQ(value(EntryKind::acme_challenge, "a.example/tok"), "tok.thumb");
    EXPECT_NE(value(EntryKind::redirect, "a.example"), "");
    const SyncStatus status = sync->board().status();
    EXPECT_EQ(status.directory.entries, 4u);
    const auto image = storage::DirectoryImage::map(sync->board().directory_arena());
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(image->info().generation, status.generation);
    EXPECT_EQ(image->info().origin.commit_lsn, status.commit_lsn);
}

TEST_F(DirectorySyncTest, FollowsEveryTable) {
    start_and_stream();
    EXPECT_EQ(types("example.org"), "");
    wait_for(execute(insert("example.org", "self-signed")));
    EXPECT_EQ(types("example.org"), "self-signed");
    wait_for(execute(insert("example.org", "live")));
    EXPECT_EQ(types("example.org"), "live self-signed");
    const auto before = value(EntryKind::tls_identity, "example.org");
    wait_for(
        execute("INSERT INTO gatepost.service_certificates VALUES"
                " ('*', 'example.org', 'self-signed')"));
    EXPECT_NE(value(EntryKind::tls_identity, "example.org"), before);
    wait_for(execute("DELETE FROM gatepost.service_certificates"));
    EXPECT_EQ(value(EntryKind::tls_identity, "example.org"), before);
    wait_for(execute("UPDATE gatepost.certificates SET type = 'staged' WHERE type = 'live'"));
    EXPECT_EQ(types("example.org"), "staged self-signed");
    wait_for(
        execute("UPDATE gatepost.certificates SET domain = 'www.example.org',"
                " names = '{www.example.org}' WHERE type = 'staged'"));
    EXPECT_EQ(types("example.org"), "self-signed");
    EXPECT_EQ(types("www.example.org"), "staged");
    wait_for(execute("DELETE FROM gatepost.certificates"));
    EXPECT_EQ(sync->board().status().directory.entries, 0u);

    wait_for(
        execute("INSERT INTO gatepost.redirects (host, url, code, keep_path) VALUES"
                " ('old.example', 'https://new.example/', 301, false)"));
    const std::string octets = value(EntryKind::redirect, "old.example");
    const auto redirect =
        storage::decode_redirect({reinterpret_cast<const uint8_t*>(octets.data()), octets.size()});
    ASSERT_TRUE(redirect.has_value()) << redirect.error().message;
    EXPECT_EQ(redirect->url, "https://new.example/");
    EXPECT_EQ(redirect->code, 301);
    EXPECT_FALSE(redirect->keep_path);
    wait_for(execute("UPDATE gatepost.redirects SET host = 'older.example'"));
    EXPECT_EQ(value(EntryKind::redirect, "old.example"), "");
    EXPECT_EQ(value(EntryKind::redirect, "older.example"), octets);
    wait_for(
        execute("INSERT INTO gatepost.acme_challenges (host, token, key_authorization)"
                " VALUES ('a.example', 'tok', 'tok.thumb')"));
    EXPECT_EQ(value(EntryKind::acme_challenge, "a.example/tok"), "tok.thumb");
    wait_for(execute("DELETE FROM gatepost.acme_challenges; DELETE FROM gatepost.redirects"));
    EXPECT_EQ(sync->board().status().directory.entries, 0u);
    EXPECT_EQ(loads(), 1u);
}

TEST_F(DirectorySyncTest, TransactionsOfTheDirectoryLeaveTheZonesAlone) {
    make_zone("example.org.");
    start_and_stream();
    const uint64_t version = sync->board().status().arena.version;
    wait_for(execute(insert("example.org", "live")));
    EXPECT_EQ(sync->board().status().arena.version, version) << "no checkpoint of zones for that";
    EXPECT_EQ(types("example.org"), "live");
}

// Large values that an UPDATE leaves alone are not sent (TOAST): they are those from before.
TEST_F(DirectorySyncTest, ValuesKeptOutOfTheirRow) {
    // Without the trigger that makes every value anew, as it would be for a replica's writer.
    execute("ALTER TABLE gatepost.certificates ALTER chain SET STORAGE EXTERNAL");
    execute("ALTER TABLE gatepost.certificates DISABLE TRIGGER certificate_before_update");
    TestCertificates::Made made = certificates.make({"example.org"});
    made.chain += std::string(4000, '\n');
    execute(insert("example.org", "live", made, "example.org"));
    start_and_stream();
    wait_for(execute("UPDATE gatepost.certificates SET type = 'staged'"));
    EXPECT_EQ(types("example.org"), "staged");
    EXPECT_EQ(held(), 0u);
    // Held: the chain that was not sent again is that of the held row.
    const auto other = certificates.make({"example.org"});
    wait_for(execute("UPDATE gatepost.certificates SET sealed_key = " + bytea(other.sealed_key)));
    EXPECT_EQ(held(), 1u);
    EXPECT_EQ(types("example.org"), "staged");
    wait_for(execute("UPDATE gatepost.certificates SET sealed_key = " + bytea(made.sealed_key)));
    EXPECT_EQ(held(), 0u);
    EXPECT_EQ(loads(), 1u);
}

TEST_F(DirectorySyncTest, ATruncatedTableAsksForALoad) {
    execute(insert("example.org", "live"));
    start_and_stream();
    execute("ALTER TABLE gatepost.certificates DISABLE TRIGGER USER");
    execute("TRUNCATE gatepost.certificates");
    ASSERT_TRUE(eventually([&] { return loads() == 2; })) << error();
    EXPECT_EQ(types("example.org"), "");
}

TEST_F(DirectorySyncTest, TheSchemaBeforeIsRefusedInOneSentence) {
    ASSERT_TRUE(schema_rollback(connection, 7).has_value());
    start();
    ASSERT_TRUE(eventually([&] { return phase() == SyncPhase::down; }));
    EXPECT_NE(error().find("is at version 7, and this program needs"), std::string::npos)
        << error();
}

TEST_F(DirectorySyncTest, AKeyThatIsNotSealedHereIsToldOf) {
    start_and_stream();
    const std::string chain = certificates.make({"example.org"}).chain;
    wait_for(
        execute("INSERT INTO gatepost.certificates (domain, type, key_type, chain, sealed_key,"
                " names, not_before, not_after) VALUES ('example.org', 'live', 'ecdsa', " +
                connection.quote_literal(chain) +
                ", 'GPS1' || repeat('x', 60)::bytea, '{}', now(), now() + interval '1 day')"));
    ASSERT_EQ(held(), 1u);
    const HeldEntry entry = sync->board().held_entries()->list(1)[0];
    EXPECT_NE(entry.reason.find("key file does not have"), std::string::npos) << entry.reason;
    wait_for(execute("DELETE FROM gatepost.certificates"));
    EXPECT_EQ(held(), 0u);
}

}  // namespace
}  // namespace gatepost::controlplane::tests
