// Domains, accounts and aliases on the way from a COMMIT in a real PostgreSQL to the directory.
#include <gtest/gtest.h>

#include "storage/directory/mail_entries.h"
#include "tests/unit/sync/sync_fixture.h"

namespace gatepost::controlplane::tests {
namespace {

using storage::EntryKind;

class MailDirectorySyncTest : public SyncServiceTest {
  protected:
    static Bytes octets_of(const std::string& text) {
        return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
    }
    // "0: {X}h {Y}i": flags and hashes; "" where there is no such account.
    std::string about(std::string_view address) const {
        const std::string octets = value(EntryKind::mail_account, address);
        if (octets.empty()) return "";
        const auto account = storage::decode_mail_account(octets_of(octets)).value();
        std::string text = fmt::format("{}:", account.flags);
        for (const storage::Credential& one : account.credentials)
            text += fmt::format(" {}", one.hash);
        return text;
    }
    std::string targets(std::string_view source) const {
        const std::string octets = value(EntryKind::mail_alias, source);
        if (octets.empty()) return "";
        const auto alias = storage::decode_mail_alias(octets_of(octets)).value();
        std::string text;
        for (const std::string_view target : alias.targets)
            text += (text.empty() ? "" : " ") + std::string(target);
        return text;
    }
    // "true example.net": active, and what it is an alias of; "" where there is no such domain.
    std::string domain(std::string_view name) const {
        const std::string octets = value(EntryKind::mail_domain, name);
        if (octets.empty()) return "";
        const auto domain = storage::decode_mail_domain(octets_of(octets)).value();
        return fmt::format("{} {}", domain.active, domain.alias_of);
    }
    uint64_t loads() const { return sync->board().status().loads_total; }

    static constexpr std::string_view kSample =
        "INSERT INTO gatepost.mail_domains (name) VALUES ('example.org');"
        "INSERT INTO gatepost.mail_domains (name, alias_of)"
        " SELECT 'alias.example', id FROM gatepost.mail_domains;"
        "INSERT INTO gatepost.accounts (domain_id, address, quota_bytes, quota_messages)"
        " SELECT id, l || '@example.org', 0, 0 FROM gatepost.mail_domains,"
        " unnest(ARRAY['ada', 'bob']) l WHERE name = 'example.org';"
        "INSERT INTO gatepost.credentials (account_id, hash)"
        " SELECT id, '{X}' || address FROM gatepost.accounts;"
        "INSERT INTO gatepost.aliases (source, target) VALUES"
        " ('info@example.org', 'bob@example.org'), ('info@example.org', 'ada@example.org'),"
        " ('@example.org', 'ada@example.org');";
};

TEST_F(MailDirectorySyncTest, LoadsWhatIsThere) {
    execute(std::string(kSample) +
            "UPDATE gatepost.accounts SET state = 'removed' WHERE address LIKE 'bob%';"
            "UPDATE gatepost.aliases SET active = false WHERE source LIKE '@%'");
    start_and_stream();
    EXPECT_EQ(domain("example.org"), "true ");
    EXPECT_EQ(domain("alias.example"), "true example.org");
    EXPECT_EQ(about("ada@example.org"), "0: {X}ada@example.org");
    EXPECT_EQ(about("bob@example.org"), "");
    EXPECT_EQ(targets("info@example.org"), "ada@example.org bob@example.org");
    EXPECT_EQ(targets("@example.org"), "");
    EXPECT_EQ(sync->board().status().directory.entries, 4u);
    // Out of the bin, with what it had.
    wait_for(execute("UPDATE gatepost.accounts SET state = 'active' WHERE state = 'removed'"));
    EXPECT_EQ(about("bob@example.org"), "0: {X}bob@example.org");
}

TEST_F(MailDirectorySyncTest, FollowsEveryTable) {
    start_and_stream();
    wait_for(execute(std::string(kSample)));
    EXPECT_EQ(domain("alias.example"), "true example.org");
    EXPECT_EQ(about("ada@example.org"), "0: {X}ada@example.org");
    EXPECT_EQ(targets("@example.org"), "ada@example.org");
    EXPECT_EQ(targets("info@example.org"), "ada@example.org bob@example.org");
    EXPECT_EQ(sync->board().status().directory.entries, 6u);

    wait_for(
        execute("UPDATE gatepost.accounts SET over_quota = true WHERE address LIKE 'ada@%';"
                "INSERT INTO gatepost.credentials (account_id, kind, label, services, hash)"
                " SELECT id, 'app_password', 'phone', '{imap}', '{Y}app' FROM gatepost.accounts"
                " WHERE address LIKE 'ada@%'"));
    EXPECT_EQ(about("ada@example.org"), "2: {X}ada@example.org {Y}app");
    wait_for(
        execute("UPDATE gatepost.credentials SET hash = '{Z}new' WHERE kind = 'password';"
                "DELETE FROM gatepost.credentials WHERE kind = 'app_password'"));
    EXPECT_EQ(about("ada@example.org"), "2: {Z}new");
    EXPECT_EQ(about("bob@example.org"), "0: {Z}new");
    wait_for(
        execute("UPDATE gatepost.accounts SET address = 'eve@example.org'"
                " WHERE address = 'bob@example.org'"));
    EXPECT_EQ(about("bob@example.org"), "");
    EXPECT_EQ(about("eve@example.org"), "0: {Z}new");
    wait_for(
        execute("UPDATE gatepost.accounts SET state = 'removed'"
                " WHERE address = 'eve@example.org'"));
    EXPECT_EQ(about("eve@example.org"), "");

    wait_for(execute("DELETE FROM gatepost.aliases WHERE target = 'bob@example.org'"));
    EXPECT_EQ(targets("info@example.org"), "ada@example.org");
    wait_for(
        execute("UPDATE gatepost.mail_domains SET active = false WHERE name = 'alias.example'"));
    EXPECT_EQ(domain("alias.example"), "false example.org");

    wait_for(
        execute("DELETE FROM gatepost.accounts; DELETE FROM gatepost.mail_domains"
                " WHERE alias_of IS NOT NULL; DELETE FROM gatepost.mail_domains"));
    EXPECT_EQ(sync->board().status().directory.entries, 0u) << "the domain's aliases went with it";
    EXPECT_EQ(loads(), 1u);
    EXPECT_EQ(sync->board().held_entries()->count(), 0u);
}

TEST_F(MailDirectorySyncTest, TellsABetterHashFromAnotherPassword) {
    execute(std::string(kSample));
    const auto generation = [&] {
        const std::string octets = value(EntryKind::mail_account, "ada@example.org");
        const auto account = storage::decode_mail_account(octets_of(octets)).value();
        return fmt::format("{} {}", account.credentials.at(0).hash,
                           account.credentials.at(0).generation);
    };
    start_and_stream();
    EXPECT_EQ(generation(), "{X}ada@example.org 1");
    wait_for(
        execute("SELECT gatepost.note_logins(ARRAY[account_id], ARRAY[id], ARRAY[hash], "
                "ARRAY['{Y}better']) FROM gatepost.credentials WHERE hash LIKE '%ada@%'"));
    EXPECT_EQ(generation(), "{Y}better 1");
    wait_for(execute("UPDATE gatepost.credentials SET hash = '{Z}other' WHERE hash = '{Y}better'"));
    EXPECT_EQ(generation(), "{Z}other 2");
}

TEST_F(MailDirectorySyncTest, NamesForMailProgramsComeAlong) {
    execute(std::string(kSample));
    start_and_stream();
    const auto hosts = [&] {
        const std::string octets = value(EntryKind::mail_domain, "example.org");
        const auto domain = storage::decode_mail_domain(octets_of(octets)).value();
        return fmt::format("{}|{}|{}|{}", domain.display_name, domain.imap_host, domain.pop_host,
                           domain.smtp_host);
    };
    EXPECT_EQ(hosts(), "|||");
    wait_for(
        execute("UPDATE gatepost.mail_domains SET display_name = 'Example Ltd', "
                "imap_host = 'imap.example.org', smtp_host = 'smtp.example.org' "
                "WHERE name = 'example.org'"));
    EXPECT_EQ(hosts(), "Example Ltd|imap.example.org||smtp.example.org");
}

TEST_F(MailDirectorySyncTest, ADirectoryThatIsTooSmallIsToldOf) {
    execute(
        "INSERT INTO gatepost.mail_domains (name) VALUES ('example.org');"
        "INSERT INTO gatepost.aliases (source, target)"
        " SELECT repeat('s', 200) || i || '@example.org', repeat('t', 200) || '@example.net'"
        " FROM generate_series(1, 6000) i");
    start(uint64_t{256} << 20, uint64_t{2} << 20);
    ASSERT_TRUE(eventually([&] { return phase() == SyncPhase::down; }));
    EXPECT_NE(error().find("the directory is full at 2 MiB"), std::string::npos) << error();
}

}  // namespace
}  // namespace gatepost::controlplane::tests
