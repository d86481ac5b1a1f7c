// Keys that URLs of messages are signed with (016_urlauth.sql).
#include <gtest/gtest.h>

#include "controlplane/schema/schema.h"
#include "tests/unit/schema/imap_rig.h"

namespace gatepost::controlplane {
namespace {

std::string made(Connection& connection, int account, int mailbox) {
    return value(connection, fmt::format("SELECT gatepost.make_url_key({}, {})", account, mailbox));
}

// "mailbox key" or "".
std::string found(Connection& connection, const std::string& owner, const std::string& name) {
    return rows_of(connection, fmt::format("SELECT mailbox_id, key FROM gatepost.find_url_key("
                                           "'{}@example.org', '{}')",
                                           owner, name));
}

std::string keys(Connection& connection) {
    return value(connection, "SELECT count(*) FROM gatepost.mailbox_url_keys");
}

TEST(UrlKeys, OneForEachAccountAndMailbox) {
    Connection connection = imap_database();
    const std::string inbox = made(connection, 1, 1);
    EXPECT_EQ(inbox.size(), 2 + 64U) << inbox;  // "\x" and 32 octets
    EXPECT_EQ(made(connection, 1, 1), inbox);
    const std::string sent = made(connection, 1, 2);
    const std::string of_other = made(connection, 2, 1);
    EXPECT_NE(sent, inbox);
    EXPECT_NE(of_other, inbox);
    EXPECT_EQ(keys(connection), "3");
    EXPECT_EQ(state_of(connection, "SELECT gatepost.make_url_key(1, 99)"), "P0002");
    EXPECT_EQ(state_of(connection, "SELECT gatepost.make_url_key(99, 1)"), "P0002");
    EXPECT_EQ(state_of(connection, "INSERT INTO gatepost.mailbox_url_keys VALUES (1, 3, '\\x00')"),
              "23514");
}

TEST(UrlKeys, AreFoundByWhatAUrlNames) {
    Connection connection = imap_database();
    EXPECT_EQ(found(connection, "user1", "INBOX"), "");
    const std::string inbox = "1 " + made(connection, 1, 1);
    EXPECT_EQ(found(connection, "user1", "INBOX"), inbox);
    EXPECT_EQ(found(connection, "USER1", "inBox"), inbox);
    EXPECT_EQ(found(connection, "user1", "Sent"), "");
    EXPECT_EQ(found(connection, "user1", ""), "");
    EXPECT_EQ(found(connection, "user2", "INBOX"), "");
    EXPECT_EQ(found(connection, "nobody", "INBOX"), "");
    // Who may not log in gives nothing to others either.
    must(connection, "UPDATE gatepost.accounts SET state = 'suspended' WHERE id = 1");
    EXPECT_EQ(found(connection, "user1", "INBOX"), "");
    must(connection, "UPDATE gatepost.accounts SET state = 'active' WHERE id = 1");
    EXPECT_EQ(found(connection, "user1", "INBOX"), inbox);
    // The name counts, as it is now.
    const std::string sent = "2 " + made(connection, 1, 2);
    must(connection, "SELECT gatepost.rename_mailbox(1, 2, 'Sent', 'Old')");
    EXPECT_EQ(found(connection, "user1", "Sent"), "");
    EXPECT_EQ(found(connection, "user1", "Old"), sent);
}

TEST(UrlKeys, OfMailboxesThatAreShared) {
    Connection connection = imap_database();
    const std::string name = "Other Users/user1@example.org/INBOX";
    const std::string key = "1 " + made(connection, 2, 1);
    made(connection, 1, 1);
    EXPECT_EQ(found(connection, "user2", name), "");
    const auto share = [&](const std::string& who, int rights) {
        must(connection, fmt::format("SELECT gatepost.set_acl(1, '{}', 2, {})", who, rights));
    };
    share("user2@example.org", 1);
    EXPECT_EQ(found(connection, "user2", name), "");
    share("user2@example.org", 3);
    EXPECT_EQ(found(connection, "user2", name), key);
    EXPECT_EQ(found(connection, "user1", name), "");
    share("user2@example.org", 0);
    EXPECT_EQ(found(connection, "user2", name), "");
    share("anyone", 2);
    EXPECT_EQ(found(connection, "user2", name), key);
}

TEST(UrlKeys, AreReset) {
    Connection connection = imap_database();
    const std::string inbox = made(connection, 1, 1);
    const std::string sent = made(connection, 1, 2);
    const std::string of_other = made(connection, 2, 7);
    must(connection, "SELECT gatepost.reset_url_keys(1, 1)");
    const std::string fresh = made(connection, 1, 1);
    EXPECT_NE(fresh, inbox);
    EXPECT_EQ(made(connection, 1, 2), sent);
    must(connection, "SELECT gatepost.reset_url_keys(1, 3)");
    EXPECT_EQ(keys(connection), "4");
    must(connection, "SELECT gatepost.reset_url_keys(1, NULL)");
    EXPECT_EQ(keys(connection), "1");
    EXPECT_EQ(made(connection, 2, 7), of_other);
    EXPECT_NE(made(connection, 1, 1), fresh);
    EXPECT_EQ(state_of(connection, "SELECT gatepost.reset_url_keys(1, 99)"), "P0002");
    EXPECT_EQ(state_of(connection, "SELECT gatepost.reset_url_keys(99, 1)"), "P0002");
}

TEST(UrlKeys, GoWithTheirMailboxAndAccount) {
    Connection connection = imap_database();
    made(connection, 1, 1);
    made(connection, 1, 3);
    made(connection, 2, 3);
    made(connection, 2, 7);
    must(connection, "SELECT gatepost.delete_mailbox(3)");
    EXPECT_EQ(rows_of(connection,
                      "SELECT account_id, mailbox_id FROM gatepost.mailbox_url_keys ORDER BY 1"),
              "1 1, 2 7");
    must(connection, "DELETE FROM gatepost.accounts WHERE id = 2");
    EXPECT_EQ(keys(connection), "1");
}

TEST(UrlKeys, AreNobodysElseAndNotPublished) {
    Connection connection = imap_database();
    EXPECT_EQ(value(connection,
                    "SELECT count(*) FROM pg_publication_tables WHERE tablename = "
                    "'mailbox_url_keys'"),
              "0");
    EXPECT_EQ(value(connection,
                    "SELECT count(*) FROM pg_proc p, aclexplode(coalesce(p.proacl, "
                    "acldefault('f', p.proowner))) AS a WHERE a.grantee = 0 AND p.proname IN "
                    "('new_url_key', 'hold_mailbox', 'make_url_key', 'reset_url_keys', "
                    "'find_url_key')"),
              "0");
}

}  // namespace
}  // namespace gatepost::controlplane
