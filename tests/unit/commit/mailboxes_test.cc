// gatepost.deliver() and the tables around it (controlplane/schema/011_mailboxes.sql).
#include <gtest/gtest.h>

#include <thread>

#include "controlplane/schema/schema.h"
#include "tests/unit/commit/commit_rig.h"

namespace gatepost::controlplane {
namespace {

using storage::DeliveryOutcome;

std::string of_inbox(Connection& connection, const std::string& columns, int account = 1) {
    return value(connection,
                 "SELECT concat_ws(' ', " + columns +
                     ") FROM gatepost.mailboxes WHERE name = 'INBOX' AND account_id = " +
                     std::to_string(account));
}

std::string usage(Connection& connection, int account = 1) {
    return value(connection,
                 "SELECT u.bytes || ' ' || u.messages || ' ' || a.over_quota FROM "
                 "gatepost.account_usage u JOIN gatepost.accounts a ON a.id = u.account_id "
                 "WHERE a.id = " +
                     std::to_string(account));
}

TEST(Mailboxes, AnAccountBeginsWithThese) {
    Connection connection = database_with_accounts(1);
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(concat_ws(' ', name, special_use), ', ' ORDER BY id) "
                    "FROM gatepost.mailboxes WHERE account_id = 1"),
              "INBOX, Sent \\Sent, Drafts \\Drafts, Junk \\Junk, Trash \\Trash, Archive \\Archive");
    EXPECT_EQ(usage(connection), "0 0 false");
}

TEST(Mailboxes, Names) {
    Connection connection = database_with_accounts(1);
    const auto insert = [](const std::string& name) {
        return "INSERT INTO gatepost.mailboxes (account_id, name) VALUES (1, " + name + ")";
    };
    for (const char* name : {"'a'", "'a/b c'", "'Ümläut'", "'INBOX/x'", "repeat('n', 1000)"})
        must(connection, insert(name));
    for (const char* name :
         {"''", "'/a'", "'a/'", "'a//b'", "'inbox'", "E'a\\nb'", "E'\\x7f'", "repeat('n', 1001)"})
        refused(connection, insert(name), "is no name of a mailbox");
    refused(connection, "UPDATE gatepost.mailboxes SET name = 'a//b' WHERE name = 'Trash'",
            "is no name of a mailbox");
    refused(connection, insert("'INBOX'"), "mailboxes_name");
    refused(connection,
            "INSERT INTO gatepost.mailboxes (account_id, name, special_use) VALUES (1, 'k', "
            "'\\Important')",
            "is no special use");
    refused(connection, "UPDATE gatepost.mailboxes SET uid_next = 4294967297", "check constraint");
    refused(connection, "UPDATE gatepost.mailboxes SET message_count = -1", "check constraint");
    refused(connection, "UPDATE gatepost.account_usage SET bytes = -1", "check constraint");
    refused(connection,
            "INSERT INTO gatepost.mailboxes (account_id, name, special_use) VALUES (1, 'j', "
            "'\\Junk')",
            "mailboxes_special_use");
    refused(connection, "TRUNCATE gatepost.mailboxes, gatepost.messages", "refused");
}

TEST(Mailboxes, UidValidityIsNeverUsedAgain) {
    Connection connection = database_with_accounts(3);
    EXPECT_EQ(value(connection, "SELECT count(DISTINCT uid_validity) FROM gatepost.mailboxes"),
              "18");
    const auto make = [&] {
        return std::stoll(value(connection,
                                "INSERT INTO gatepost.mailboxes (account_id, name) VALUES (1, 'x') "
                                "RETURNING uid_validity"));
    };
    const int64_t first = make();
    must(connection, "DELETE FROM gatepost.mailboxes WHERE name = 'x'");
    EXPECT_GT(make(), first);
    must(connection, "DELETE FROM gatepost.mailboxes WHERE name = 'x'");
    // A database that was restored from an older state.
    must(connection, "SELECT setval('gatepost.uid_validity', 5)");
    const int64_t now_s = std::stoll(value(connection, "SELECT floor(extract(epoch FROM now()))"));
    EXPECT_GE(make(), now_s);
}

TEST(Deliver, WritesWhatItWasGiven) {
    Connection connection = database_with_accounts(2);
    PendingDelivery pending = message({to_account(1)}, "Grüße", 1234);
    EXPECT_EQ(deliver_one(connection, pending), "stored INBOX/1");
    EXPECT_EQ(value(connection,
                    "SELECT concat_ws('|', uid, modseq, account_id, blob_id, segment, position, "
                    "size, extract(epoch FROM internal_date), flags, keywords IS NULL, message_id, "
                    "subject, sender, summary) FROM gatepost.messages"),
              "1|2|1|" + pending.envelope.id.text() +
                  "|3|4096|1234|1700000000.123456|0|t|<1@example.net>|Grüße|"
                  "Sender <sender@example.net>|\\x010002");
    EXPECT_EQ(of_inbox(connection, "uid_next, highest_modseq, message_count, byte_count"),
              "2 2 1 1234");
    EXPECT_EQ(usage(connection), "1234 1 false");
    EXPECT_EQ(deliver_one(connection, message({to_account(1), to_account(2)})),
              "stored INBOX/2 INBOX/1");
    EXPECT_EQ(of_inbox(connection, "uid_next, highest_modseq, message_count, byte_count"),
              "3 3 2 2234");
}

TEST(Deliver, ABatchHasOneModseqAndUidsInItsOrder) {
    Connection connection = database_with_accounts(3);
    std::vector<PendingDelivery> batch;
    for (int i = 0; i < 30; ++i)
        batch.push_back(message({to_account(static_cast<uint64_t>(1 + i % 3))}, std::to_string(i)));
    const auto replies = deliver(connection, batch);
    ASSERT_EQ(replies.size(), 30u);
    for (uint32_t i = 0; i < 30; ++i) {
        ASSERT_EQ(replies[i].recipients.size(), 1u);
        EXPECT_EQ(replies[i].recipients[0].uid, 1 + i / 3);
        EXPECT_EQ(replies[i].recipients[0].modseq, 2u);
        EXPECT_EQ(replies[i].recipients[0].account_id, 1 + i % 3);
    }
    EXPECT_EQ(of_inbox(connection, "uid_next, highest_modseq, message_count"), "11 2 10");
}

TEST(Deliver, NothingIsDeliveredTwice) {
    Connection connection = database_with_accounts(2);
    const PendingDelivery pending = message({to_account(1)});
    EXPECT_EQ(deliver_one(connection, pending), "stored INBOX/1");
    EXPECT_EQ(deliver_one(connection, pending), "duplicate");
    // An alias and the account itself; the first one's folder counts.
    EXPECT_EQ(deliver_one(connection, message({to_account(1, "Lists"), to_account(1)})),
              "stored Lists/1");
    // Twice in one batch.
    const PendingDelivery twice = message({to_account(2)});
    const auto replies = deliver(connection, {pending, twice, pending});
    EXPECT_EQ(replies[0].outcome, DeliveryOutcome::duplicate);
    EXPECT_EQ(replies[1].outcome, DeliveryOutcome::stored);
    EXPECT_EQ(replies[2].outcome, DeliveryOutcome::duplicate);
    // Half of it was there.
    PendingDelivery half = pending;
    half.envelope.recipients.push_back(to_account(2));
    EXPECT_EQ(deliver_one(connection, half), "stored INBOX/2");
    EXPECT_EQ(usage(connection), "2000 2 false");
    EXPECT_EQ(usage(connection, 2), "2000 2 false");
}

TEST(Deliver, WhatIsExpungedStaysAway) {
    Connection connection = database_with_accounts(1);
    const PendingDelivery pending = message({to_account(1)});
    deliver_one(connection, pending);
    must(connection,
         "WITH gone AS (DELETE FROM gatepost.messages RETURNING *) INSERT INTO gatepost.expunged "
         "(mailbox_id, uid, modseq, account_id, blob_id) SELECT mailbox_id, uid, 3, account_id, "
         "blob_id FROM gone");
    EXPECT_EQ(deliver_one(connection, pending), "duplicate");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.messages"), "0");
}

TEST(Deliver, FoldersAreMadeAndUsesFound) {
    Connection connection = database_with_accounts(1);
    EXPECT_EQ(deliver_one(connection, message({to_account(1, "Lists/a")})), "stored Lists/a/1");
    EXPECT_EQ(deliver_one(connection, message({to_account(1, "Lists/a")})), "stored Lists/a/2");
    EXPECT_EQ(deliver_one(connection, message({to_account(1, "\\Junk")})), "stored Junk/1");
    must(connection, "UPDATE gatepost.mailboxes SET name = 'Spam' WHERE name = 'Junk'");
    EXPECT_EQ(deliver_one(connection, message({to_account(1, "\\Junk")})), "stored Spam/2");
    must(connection, "DELETE FROM gatepost.mailboxes WHERE name = 'Spam'");
    EXPECT_EQ(deliver_one(connection, message({to_account(1, "\\Junk")})), "stored Junk/1");
    EXPECT_EQ(value(connection, "SELECT special_use FROM gatepost.mailboxes WHERE name = 'Junk'"),
              "\\Junk");
    // A mailbox of that name which has no use of its own.
    must(connection, "UPDATE gatepost.mailboxes SET special_use = NULL WHERE name = 'Junk'");
    EXPECT_EQ(deliver_one(connection, message({to_account(1, "\\Junk")})), "stored Junk/2");
    // What cannot be a name, and the inbox in any case.
    for (const char* folder : {"inbox", "INBOX", "a//b", "/", "a\nb", "\\Nothing"})
        EXPECT_EQ(deliver_one(connection, message({to_account(1, folder)})).substr(0, 13),
                  "stored INBOX/")
            << folder;
    // Even when somebody took it away.
    must(connection, "DELETE FROM gatepost.mailboxes WHERE name = 'INBOX'");
    EXPECT_EQ(deliver_one(connection, message({to_account(1)})), "stored INBOX/1");
}

TEST(Deliver, Quotas) {
    Connection connection = database_with_accounts(2);
    must(connection, "UPDATE gatepost.accounts SET quota_bytes = 2500 WHERE id = 1");
    deliver_one(connection, message({to_account(1)}));
    deliver_one(connection, message({to_account(1)}));
    EXPECT_EQ(usage(connection), "2000 2 false");
    deliver_one(connection, message({to_account(1), to_account(2)}));
    EXPECT_EQ(usage(connection), "3000 3 true");
    EXPECT_EQ(usage(connection, 2), "1000 1 false");
    // What was accepted is stored all the same.
    EXPECT_EQ(deliver_one(connection, message({to_account(1)})), "stored INBOX/4");
    must(connection, "UPDATE gatepost.accounts SET quota_bytes = 5000 WHERE id = 1");
    EXPECT_EQ(usage(connection), "4000 4 false");
    must(connection, "UPDATE gatepost.accounts SET quota_messages = 4 WHERE id = 1");
    EXPECT_EQ(usage(connection), "4000 4 true");
    must(connection,
         "UPDATE gatepost.account_usage SET bytes = bytes - 1000, messages = messages - 1 "
         "WHERE account_id = 1");
    EXPECT_EQ(usage(connection), "3000 3 false");
    must(connection, "UPDATE gatepost.accounts SET quota_messages = 1 WHERE id = 1");
    must(connection, "UPDATE gatepost.accounts SET quota_messages = 0 WHERE id = 1");
    EXPECT_EQ(usage(connection), "3000 3 false");
}

TEST(Deliver, ToAnAccountThatIsGone) {
    Connection connection = database_with_accounts(3);
    const PendingDelivery before = message({to_account(2)});
    deliver_one(connection, before);
    must(connection, "UPDATE gatepost.accounts SET state = 'removed' WHERE id = 2");
    must(connection, "UPDATE gatepost.accounts SET state = 'suspended' WHERE id = 3");
    const PendingDelivery pending =
        message({to_account(2), to_account(1), to_account(77), to_account(3)});
    EXPECT_EQ(deliver_one(connection, pending), "stored INBOX/1 INBOX/1");
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(account_id || ' ' || recipient || ' ' || sender || ' ' || "
                    "blob_id, ',' ORDER BY id) FROM gatepost.undeliverable"),
              "2 user2@example.org sender@example.net " + pending.envelope.id.text() +
                  ",77 user77@example.org sender@example.net " + pending.envelope.id.text());
    deliver_one(connection, pending);
    // What it got before it went is not noted again.
    EXPECT_EQ(deliver_one(connection, before), "duplicate");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.undeliverable"), "2");
    // Nobody left at all.
    EXPECT_EQ(deliver_one(connection, message({to_account(78)})), "stored");
}

TEST(Deliver, ToOtherSystems) {
    Connection connection = database_with_accounts(1);
    PendingDelivery pending = message({to_other("x@example.com"), to_account(1),
                                       to_other("y@example.com"), to_other("x@example.com")});
    pending.envelope.recipients[0].address = "alias@example.org";
    pending.envelope.recipients[0].original = "rfc822;alias@example.org";
    pending.envelope.recipients[0].notify = 6;
    pending.envelope.envid = "QQ314159";
    pending.envelope.dsn_return = storage::DsnReturn::headers;
    pending.envelope.body = storage::BodyKind::eight_bit_mime;
    pending.envelope.smtputf8 = true;
    pending.envelope.sender_account_id = 1;
    EXPECT_EQ(deliver_one(connection, pending), "stored INBOX/1");
    EXPECT_EQ(deliver_one(connection, pending), "stored");  // again
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(concat_ws(' ', recipient, address, original, notify, state, "
                    "sender_account_id), ', ' ORDER BY recipient) FROM gatepost.outbound"),
              "x@example.com alias@example.org rfc822;alias@example.org 6 held 1, "
              "y@example.com y@example.com  0 held 1");
    EXPECT_EQ(value(connection,
                    "SELECT DISTINCT concat_ws('|', sender, envid, ret, body, smtputf8, "
                    "held_reason, segment, position, size) FROM gatepost.outbound"),
              "sender@example.net|QQ314159|HDRS|8BITMIME|t|held by a test|3|4096|1000");
}

TEST(Deliver, AnyOctetsInTexts) {
    Connection connection = database_with_accounts(1);
    PendingDelivery pending = message({to_account(1, std::string("a\0b", 3))});
    pending.request.subject = std::string("nul \0 and \xff\xc0\xaf", 13);
    pending.request.from = "'\"\\{},NULL";
    EXPECT_EQ(deliver_one(connection, pending).substr(0, 6), "stored");
    EXPECT_EQ(value(connection, "SELECT subject || '|' || sender FROM gatepost.messages"),
              "nul \uFFFD and \uFFFD\uFFFD\uFFFD|'\"\\{},NULL");
}

// The messages of a mailbox go with it, and do not come back.
TEST(Mailboxes, DeletingOne) {
    Connection connection = database_with_accounts(2);
    const PendingDelivery pending = message({to_account(1, "Lists")});
    deliver_one(connection, pending);
    deliver_one(connection, message({to_account(1)}));
    deliver_one(connection, message({to_account(2)}));
    must(connection, "DELETE FROM gatepost.mailboxes WHERE name = 'Lists'");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.messages"), "2");
    EXPECT_EQ(usage(connection), "1000 1 false");
    EXPECT_EQ(deliver_one(connection, pending), "duplicate");
    must(connection, "DELETE FROM gatepost.accounts WHERE id = 1");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.messages"), "1");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.mailboxes"), "6");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.account_usage"), "1");
}

// Several that deliver to the same mailboxes, in any order of recipients, and an observer: whatever
// it sees of a mailbox is without a gap from UID 1 on, so that nothing appears behind what it saw.
TEST(Deliver, UidsBecomeVisibleInTheirOrder) {
    constexpr int kSessions = 4;
    constexpr int kBatches = 40;
    constexpr uint64_t kAccounts = 5;
    std::string dsn;
    Connection observer = database_with_accounts(static_cast<int>(kAccounts), &dsn);
    std::atomic<int> running{kSessions};
    std::atomic<int> failures{0};
    std::vector<std::thread> sessions;
    for (int session = 0; session < kSessions; ++session)
        sessions.emplace_back([&, session] {
            auto connection = Connection::open(dsn, "session");
            for (int i = 0; connection && i < kBatches; ++i) {
                std::vector<PendingDelivery> batch;
                for (uint64_t n = 0; n < kAccounts; ++n) {
                    // Each goes through the accounts in another direction.
                    const uint64_t account = 1 + (session % 2 == 0 ? n : kAccounts - 1 - n);
                    batch.push_back(message({to_account(account, i % 3 == 0 ? "New" : "")}));
                }
                const auto rows = run_statement(
                    *connection, kDeliverSql, deliver_params(batch, 0, ""),
                    {std::chrono::steady_clock::now() + std::chrono::seconds(60), -1, {}});
                if (!rows) ++failures;
            }
            --running;
        });
    while (running > 0) {
        const PgResult gaps = must(
            observer,
            "SELECT count(*) FROM (SELECT b.uid_next, count(m.uid) AS messages, max(m.uid) AS "
            "last, "
            "b.message_count FROM gatepost.mailboxes b JOIN gatepost.messages m ON m.mailbox_id = "
            "b.id GROUP BY b.id) AS s WHERE s.last <> s.messages OR s.uid_next <> s.last + 1 OR "
            "s.message_count <> s.messages");
        EXPECT_EQ(gaps.integer(0, 0), 0);
    }
    for (std::thread& session : sessions) session.join();
    EXPECT_EQ(failures, 0) << "no deadlock, no conflict";
    EXPECT_EQ(value(observer, "SELECT count(*) FROM gatepost.messages"),
              std::to_string(kSessions * kBatches * static_cast<int>(kAccounts)));
    EXPECT_EQ(value(observer,
                    "SELECT count(*) FROM gatepost.account_usage u WHERE messages <> (SELECT "
                    "sum(message_count) FROM gatepost.mailboxes b WHERE b.account_id = "
                    "u.account_id)"),
              "0");
}

// Those of one account wait for one another; two batches with the same message give one row.
TEST(Deliver, TheSameMessageFromTwoSessions) {
    std::string dsn;
    Connection first = database_with_accounts(1, &dsn);
    Connection second = Connection::open(dsn, "second").value();
    const PendingDelivery pending = message({to_account(1)});
    must(first, "BEGIN");
    EXPECT_EQ(deliver_one(first, pending), "stored INBOX/1");
    std::string outcome;
    std::thread other([&] { outcome = deliver_one(second, pending); });
    Connection observer = Connection::open(dsn, "observer").value();
    while (value(observer,
                 "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                 "'second' AND wait_event_type = 'Lock'") == "0") {
    }
    must(first, "COMMIT");
    other.join();
    EXPECT_EQ(outcome, "duplicate");
}

TEST(Deliver, NobodyElseMayCallIt) {
    std::string dsn;
    Connection connection = database_with_accounts(1, &dsn);
    must(connection, "CREATE ROLE some_user; GRANT USAGE ON SCHEMA gatepost TO some_user");
    must(connection, "SET ROLE some_user");
    const auto rows =
        run_statement(connection, kDeliverSql, deliver_params({}, 0, ""),
                      {std::chrono::steady_clock::now() + std::chrono::seconds(30), -1, {}});
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().fault, Fault::away) << rows.error().error.message;
    EXPECT_FALSE(connection.is_open());
    // Nothing but this is needed.
    Connection owner = Connection::open(dsn, "owner").value();
    must(owner, "GRANT EXECUTE ON FUNCTION gatepost.deliver TO some_user");
    must(owner, "SET ROLE some_user");
    EXPECT_EQ(
        deliver(owner,
                {message({to_account(1, "Lists"), to_other("x@example.com"), to_account(99)})})[0]
            .recipients.size(),
        1u);
    must(owner, "RESET ROLE");
    must(owner, "DROP OWNED BY some_user; DROP ROLE some_user");
}

TEST(Mailboxes, RollbackAndMigrateAgain) {
    Connection connection = database_with_accounts(2);
    deliver_one(connection, message({to_account(1)}));
    const std::string version = value(
        connection, "SELECT max(version) FROM gatepost.schema_migrations WHERE name = 'mailboxes'");
    ASSERT_TRUE(schema_rollback(connection, std::stoi(version) - 1));
    EXPECT_EQ(value(connection, "SELECT to_regclass('gatepost.messages') IS NULL"), "t");
    ASSERT_TRUE(schema_migrate(connection));
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.mailboxes"), "12");
    EXPECT_EQ(deliver_one(connection, message({to_account(2)})), "stored INBOX/1");
}

}  // namespace
}  // namespace gatepost::controlplane
