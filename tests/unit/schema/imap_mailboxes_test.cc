// What services of IMAP do with mailboxes and what is beside the messages (014_imap_mailboxes.sql).
#include <gtest/gtest.h>

#include "controlplane/schema/schema.h"
#include "tests/unit/schema/imap_rig.h"

namespace gatepost::controlplane {
namespace {

std::string create(const std::string& name, const std::string& use = "", int account = 1) {
    return fmt::format("SELECT gatepost.create_mailbox({}, '{}', '{}')", account, name, use);
}

std::string rename(const std::string& mailbox, const std::string& from, const std::string& to) {
    return fmt::format("SELECT gatepost.rename_mailbox(1, {}, '{}', '{}')", mailbox, from, to);
}

// Of user1, but for those that every account has: "name subscribed".
std::string more_mailboxes(Connection& connection) {
    return rows_of(connection,
                   "SELECT name, subscribed FROM gatepost.list_mailboxes(1) WHERE name NOT IN "
                   "(SELECT name FROM gatepost.default_mailboxes()) ORDER BY name COLLATE \"C\"");
}

std::string id_of(Connection& connection, const std::string& name) {
    return value(connection, "SELECT id FROM gatepost.mailboxes WHERE account_id = 1 AND name = '" +
                                 name + "'");
}

TEST(CreateMailbox, NamesAndUses) {
    Connection connection = imap_database();
    const std::string made = value(connection, create("a/b/c"));
    EXPECT_EQ(made, id_of(connection, "a/b/c"));
    must(connection, create("Important", "\\Flagged"));
    EXPECT_EQ(more_mailboxes(connection), "Important false, a/b/c false");
    EXPECT_EQ(state_of(connection, create("a/b/c")), "23505");
    EXPECT_EQ(state_of(connection, create("iNbOx")), "23505");
    for (const char* name : {"", "/a", "a/", "a//b", "Other Users", "Other Users/x"})
        EXPECT_EQ(state_of(connection, create(name)), "42602") << name;
    EXPECT_EQ(state_of(connection, create("Post", "\\Sent")), "55006");
    EXPECT_EQ(state_of(connection, create("Post", "\\Nonsense")), "42602");
    EXPECT_EQ(state_of(connection, create("Post", "", 99)), "P0002");
    must(connection,
         "INSERT INTO gatepost.mailboxes (account_id, name) SELECT 1, 'many/' || n FROM "
         "generate_series(1, 10000) AS n");
    EXPECT_EQ(state_of(connection, create("Post")), "54000");
}

TEST(DeleteMailbox, LeavesTheSubscription) {
    Connection connection = imap_database();
    must(connection, create("a"));
    must(connection, create("a/b"));
    must(connection, "SELECT gatepost.subscribe_mailbox(1, 'a', true)");
    must(connection, fmt::format("SELECT gatepost.copy_messages(1, '{{1}}', '{{3}}', {}, true)",
                                 id_of(connection, "a")));
    must(connection, fmt::format("SELECT gatepost.delete_mailbox({})", id_of(connection, "a")));
    EXPECT_EQ(more_mailboxes(connection), "a true, a/b false");
    EXPECT_EQ(rows_of(connection,
                      "SELECT mailbox_id IS NULL AS m, rights FROM "
                      "gatepost.list_mailboxes(1) WHERE name = 'a'"),
              "true 2047");
    EXPECT_EQ(value(connection, "SELECT messages FROM gatepost.account_usage WHERE account_id = 1"),
              "7");
    // Its name was never given up: a mailbox of the name is subscribed to.
    must(connection, create("a"));
    EXPECT_EQ(more_mailboxes(connection), "a true, a/b false");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.mailbox_subscriptions"), "0");
    EXPECT_EQ(state_of(connection, "SELECT gatepost.delete_mailbox(1)"), "42602");
    EXPECT_EQ(state_of(connection, "SELECT gatepost.delete_mailbox(99)"), "P0002");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(RenameMailbox, WithAllBelowIt) {
    Connection connection = imap_database();
    for (const char* name : {"a", "a/b", "a/b/c", "ab", "a_b", "x/y"})
        must(connection, create(name));
    const std::string a = id_of(connection, "a");
    must(connection, "SELECT gatepost.subscribe_mailbox(1, 'a/b', true)");
    must(connection, rename(a, "a", "N/ü"));
    EXPECT_EQ(more_mailboxes(connection),
              "N/ü false, N/ü/b true, N/ü/b/c false, a/b true, a_b false, ab false, x/y false");
    EXPECT_EQ(id_of(connection, "N/ü"), a);
    // A name that is none itself.
    must(connection, rename("0", "N", "a"));
    EXPECT_EQ(id_of(connection, "a/ü/b/c"),
              value(connection, "SELECT max(id) - 3 FROM gatepost.mailboxes"));
    EXPECT_EQ(state_of(connection, rename("NULL", "x", "x/y")), "42602");
    EXPECT_EQ(state_of(connection, rename(a, "a/ü", "a/ü/d")), "42602");
    EXPECT_EQ(state_of(connection, rename(a, "a/ü", "a/ü")), "23505");
    EXPECT_EQ(state_of(connection, rename(a, "a/ü", "ab")), "23505");
    EXPECT_EQ(state_of(connection, rename(a, "a/ü", "inbox")), "23505");
    EXPECT_EQ(state_of(connection, rename(a, "a/ü", "Other Users/q")), "42602");
    EXPECT_EQ(state_of(connection, rename(a, "a/ü", "b//c")), "42602");
    EXPECT_EQ(state_of(connection, rename("0", "nothing", "q")), "P0002");
    EXPECT_EQ(state_of(connection, rename("0", "a/ü", "q")), "P0002") << "there is a mailbox";
    EXPECT_EQ(state_of(connection, rename("7", "a/ü", "q")), "P0002") << "another one";
    // One below would get a name that is there, or too long a one.
    must(connection, create("z/b"));
    EXPECT_EQ(state_of(connection, rename(a, "a/ü", "z")), "23505");
    EXPECT_EQ(state_of(connection, rename(a, "a/ü", std::string(999, 'n'))), "42602");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(RenameMailbox, InboxGivesItsMessages) {
    Connection connection = imap_database();
    must(connection, create("INBOX/sub"));
    must(connection, rename("1", "inbox", "Old/2026"));
    EXPECT_EQ(more_mailboxes(connection), "INBOX/sub false, Old/2026 false");
    EXPECT_EQ(counts_of(connection, 1), "0 0 0 3");
    EXPECT_EQ(counts_of(connection, std::stoi(id_of(connection, "Old/2026"))), "10 10 0 2");
    // RFC 9051 does not forbid a name below INBOX.
    must(connection, "SELECT deliver_to(1, 3, '')");
    must(connection, rename("1", "INBOX", "INBOX/old"));
    EXPECT_EQ(counts_of(connection, 1), "0 0 0 5");
    EXPECT_EQ(state_of(connection, rename("1", "INBOX", "Sent")), "23505");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(Subscriptions, OfNamesThatAreThereOrNot) {
    Connection connection = imap_database();
    const auto subscribe = [](const std::string& name, bool subscribed) {
        return fmt::format("SELECT gatepost.subscribe_mailbox(1, '{}', {})", name, subscribed);
    };
    must(connection, subscribe("gone/x", true));
    must(connection, subscribe("gone/x", true));
    must(connection, subscribe("inbox", false));
    EXPECT_EQ(more_mailboxes(connection), "gone/x true");
    EXPECT_EQ(rows_of(connection,
                      "SELECT subscribed FROM gatepost.list_mailboxes(1) WHERE name = 'INBOX'"),
              "false");
    must(connection, subscribe("gone/x", false));
    EXPECT_EQ(more_mailboxes(connection), "");
    EXPECT_EQ(state_of(connection, subscribe("a//b", true)), "42602");
    EXPECT_EQ(state_of(connection, "SELECT gatepost.subscribe_mailbox(99, 'x', true)"), "P0002");
    must(connection,
         "INSERT INTO gatepost.mailbox_subscriptions SELECT 1, 'n' || n FROM "
         "generate_series(1, 10000) AS n");
    EXPECT_EQ(state_of(connection, subscribe("more", true)), "54000");
}

TEST(Sharing, WhoSeesWhat) {
    Connection connection = imap_database(3);
    const auto share = [](int mailbox, const std::string& who, int action, int rights) {
        return fmt::format("SELECT gatepost.set_acl({}, '{}', {}, {})", mailbox, who, action,
                           rights);
    };
    must(connection, share(1, "user2@example.org", 2, 3));
    must(connection, share(1, "USER2@example.org", 0, 4));
    must(connection, share(1, "user2@example.org", 1, 1));
    must(connection, share(7, "anyone", 2, 1));
    must(connection, share(7, "user1@example.org", 2, 2));
    EXPECT_EQ(rows_of(connection, "SELECT * FROM gatepost.get_acl(1)"),
              "user1@example.org 2047, user2@example.org 6");
    EXPECT_EQ(rows_of(connection, "SELECT * FROM gatepost.get_acl(7)"),
              "user2@example.org 2047, anyone 1, user1@example.org 2");
    const auto shared_with = [&](int account) {
        return rows_of(connection,
                       fmt::format("SELECT mailbox_id, owner_id, name, subscribed, rights FROM "
                                   "gatepost.list_mailboxes({0}) WHERE owner_id <> {0}",
                                   account));
    };
    EXPECT_EQ(shared_with(1), "7 2 Other Users/user2@example.org/INBOX false 3");
    EXPECT_EQ(shared_with(2), "1 1 Other Users/user1@example.org/INBOX false 6");
    EXPECT_EQ(shared_with(3), "7 2 Other Users/user2@example.org/INBOX false 1");
    must(connection,
         "SELECT gatepost.subscribe_mailbox(3, 'Other Users/user2@example.org/INBOX', true)");
    EXPECT_EQ(shared_with(3), "7 2 Other Users/user2@example.org/INBOX true 1");
    EXPECT_EQ(rows_of(connection, "SELECT * FROM gatepost.mailbox_viewers(1) AS v ORDER BY 1"),
              "1, 2");
    EXPECT_EQ(rows_of(connection, "SELECT * FROM gatepost.mailbox_viewers(7) AS v ORDER BY 1"),
              "1, 2, 3");
    EXPECT_EQ(rows_of(connection, "SELECT * FROM gatepost.mailbox_viewers(13) AS v"), "3");

    must(connection, share(7, "anyone", 2, 0));
    EXPECT_EQ(shared_with(3), "");
    EXPECT_EQ(
        rows_of(connection,
                "SELECT name, rights FROM gatepost.list_mailboxes(3) WHERE mailbox_id IS NULL"),
        "Other Users/user2@example.org/INBOX 1")
        << "still subscribed to";
    EXPECT_EQ(state_of(connection, share(1, "user1@example.org", 2, 1)), "42602");
    EXPECT_EQ(state_of(connection, share(1, "nobody@example.org", 2, 1)), "P0002");
    EXPECT_EQ(state_of(connection, share(1, "-user2@example.org", 2, 1)), "P0002");
    EXPECT_EQ(state_of(connection, share(99, "anyone", 2, 1)), "P0002");
    // Mailboxes of the bin are nobody's.
    must(connection, "UPDATE gatepost.accounts SET state = 'removed' WHERE id = 1");
    EXPECT_EQ(shared_with(2), "");
    must(connection, "DELETE FROM gatepost.mailboxes WHERE id = 1");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.mailbox_acl WHERE mailbox_id = 1"),
              "0");
}

TEST(Metadata, EntriesAndDepths) {
    Connection connection = imap_database();
    const auto get = [&](int account, const std::string& mailbox, const std::string& entries,
                         int depth) {
        return rows_of(connection,
                       fmt::format("SELECT entry, convert_from(value, 'UTF8') AS v FROM "
                                   "gatepost.get_metadata({}, {}, '{{{}}}', {})",
                                   account, mailbox, entries, depth));
    };
    must(connection,
         "SELECT gatepost.set_metadata(1, 1, '{/private/comment,/shared/a,/shared/a/b,"
         "/shared/a/b/c,/shared/ab}', '{mine,1,2,3,4}')");
    must(connection,
         "SELECT gatepost.set_metadata(2, 1, '{/private/comment,/shared/a}', '{his,one}')");
    must(connection, "SELECT gatepost.set_metadata(1, 0, '{/private/comment}', '{all}')");
    EXPECT_EQ(get(1, "1", "/private/comment,/shared/a", 0), "/private/comment mine, /shared/a one");
    EXPECT_EQ(get(2, "1", "/private/comment,/shared/a", 0), "/private/comment his, /shared/a one");
    EXPECT_EQ(get(1, "1", "/shared/a", 1), "/shared/a one, /shared/a/b 2");
    EXPECT_EQ(get(1, "1", "/shared/a", -1), "/shared/a one, /shared/a/b 2, /shared/a/b/c 3");
    EXPECT_EQ(get(1, "1", "/shared", 1), "/shared/a one, /shared/ab 4");
    EXPECT_EQ(get(1, "NULL", "/private", -1), "/private/comment all");
    EXPECT_EQ(get(2, "0", "/private", -1), "");
    must(connection, "SELECT gatepost.set_metadata(1, 1, '{/shared/a,/shared/zz}', '{NULL,NULL}')");
    EXPECT_EQ(get(2, "1", "/shared", 1), "/shared/ab 4");
    const auto set = [&](const std::string& mailbox, const std::string& entries,
                         const std::string& values) {
        return state_of(connection, fmt::format("SELECT gatepost.set_metadata(1, {}, {}, {})",
                                                mailbox, entries, values));
    };
    EXPECT_EQ(set("1", "'{/private/x}'", "ARRAY[convert_to(repeat('x', 65537), 'UTF8')]"), "54001");
    EXPECT_EQ(set("1", "'{/private/x}'", "ARRAY[convert_to(repeat('x', 65536), 'UTF8')]"), "none");
    EXPECT_EQ(set("1", "'{/public/x}'", "'{x}'"), "42602");
    EXPECT_EQ(set("1", "'{/private/a*}'", "'{x}'"), "42602");
    EXPECT_EQ(set("99", "'{/private/x}'", "'{x}'"), "P0002");
    EXPECT_EQ(set("1", "ARRAY(SELECT '/private/' || n FROM generate_series(1, 1001) AS n)",
                  "array_fill('\\x'::bytea, ARRAY[1001])"),
              "54000");
    must(connection, "DELETE FROM gatepost.mailboxes WHERE id = 1");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.mailbox_metadata"), "1");
}

TEST(FileMessages, CountsWhatItMoves) {
    Connection connection = imap_database();
    EXPECT_EQ(
        rows_of(connection,
                "SELECT gatepost.file_messages(6, array_agg(blob_id ORDER BY uid DESC), '{9,1,0}', "
                "ARRAY['2001-01-01'::timestamptz, NULL, NULL], '{\"b A\",\"\",a}') AS n "
                "FROM gatepost.messages WHERE mailbox_id = 1 AND uid < 4"),
        "3");
    EXPECT_EQ(rows_of(connection,
                      "SELECT uid, flags, coalesce(keywords::text, '') AS k, size FROM "
                      "gatepost.messages WHERE mailbox_id = 6 ORDER BY uid"),
              "1 9 {A,b} 300, 2 1  200, 3 0 {A} 100");
    EXPECT_EQ(counts_of(connection, 6), "3 1 1 2");
    EXPECT_EQ(wrong_counters(connection), "");
    must(connection,
         "SELECT gatepost.file_messages(6, array_agg(blob_id ORDER BY uid), '{1,1,8}', "
         "ARRAY[NULL, NULL, NULL]::timestamptz[], '{\"\",\"\",\"\"}') "
         "FROM gatepost.messages WHERE mailbox_id = 6");
    EXPECT_EQ(counts_of(connection, 6), "3 1 1 3");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(Imap, MailboxesOfOldSchemasAreCounted) {
    Connection connection = imap_database();
    must(connection,
         "SELECT gatepost.store_flags('{1}', '{0}', '{9}', '{Work other}', '{NULL}', '{1}', "
         "'{1}', '{4}')");
    must(connection, "DROP VIEW wrong_counters");
    const auto undone = schema_rollback(connection, 12);
    ASSERT_TRUE(undone) << undone.error().message;
    must(connection,
         "UPDATE gatepost.messages SET keywords = '{work}' WHERE mailbox_id = 1 AND uid = 1");
    auto applied = schema_migrate(connection);
    ASSERT_TRUE(applied) << applied.error().message;
    EXPECT_EQ(counts_of(connection, 1), "10 6 4 3");
    EXPECT_EQ(rows_of(connection,
                      "SELECT cardinality(keywords) AS n, lower(keywords::text) AS k FROM "
                      "gatepost.mailboxes WHERE id = 1"),
              "2 {other,work}");
}

TEST(Imap, ChangesAreFollowed) {
    Connection connection = imap_database();
    EXPECT_EQ(
        rows_of(
            connection,
            "SELECT tablename, cardinality(attnames) AS n FROM pg_publication_tables WHERE pubname "
            "= 'gatepost' AND tablename ~ '^(mailbox|message)' ORDER BY 1"),
        "mailbox_acl 3, mailbox_subscriptions 2, mailboxes 15");
    // Nobody but the owner and whom it is granted to.
    EXPECT_EQ(rows_of(connection,
                      "SELECT proname FROM pg_proc WHERE pronamespace = 'gatepost'::regnamespace "
                      "AND prosecdef AND prorettype <> 'trigger'::regtype AND proacl IS NULL "
                      "AND proname ~ 'mailbox|message|flags|metadata|acl|quota'"),
              "");
}

}  // namespace
}  // namespace gatepost::controlplane
