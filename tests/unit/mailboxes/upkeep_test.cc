// A database that went back, tombstones that are gone, keywords that nobody uses any more.
#include "tests/unit/mailboxes/service_fixture.h"

namespace gatepost::controlplane {
namespace {

using namespace gatepost::storage;

class MailboxUpkeep : public MailboxServiceTest {
  protected:
    // As a superuser who has restored something: no trigger notices.
    void behind_the_back(const std::string& sql) {
        must(database, "SET session_replication_role = replica; " + sql +
                           "; SET session_replication_role = origin");
    }
    std::string uid_validity() {
        return value(database, "SELECT uid_validity FROM gatepost.mailboxes WHERE id = " +
                                   std::to_string(inbox));
    }
    // The mailbox is loaded anew, under the UIDVALIDITY that the database has given it.
    void expect_renumbered(MailboxWorker& worker, const std::string& before) {
        ASSERT_TRUE(eventually([&] { return uid_validity() != before; }));
        const std::string now = uid_validity();
        ASSERT_TRUE(eventually([&] {
            const auto mailbox = edge->view().mailbox(inbox);
            return mailbox && std::to_string(mailbox->status().uid_validity) == now;
        }));
        ASSERT_TRUE(worker.ask(OpenMailbox{inbox}).ok());
        expect_same(inbox);
        EXPECT_EQ(uid_validity(), now) << "once is enough";
    }
};

// Another server takes the place of the one that the service has learnt from.
class MailboxUpkeepElsewhere : public MailboxUpkeep {
  protected:
    // With five messages. Nothing tells of a change but a comparison.
    void start_unfollowed() {
        start(2, false);
        deliver(database, 1, 5);
        name = value(database, "SELECT current_database()");
        admin = Connection::open(server->postgres().dsn("postgres"), "admin").value();
    }
    // Nobody is in the database, and nobody comes in.
    void shut() {
        database = {};
        must(admin, "ALTER DATABASE " + name + " ALLOW_CONNECTIONS false");
        ASSERT_TRUE(eventually([&] {
            must(admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" +
                            name + "'");
            return value(admin, "SELECT count(*) FROM pg_stat_activity WHERE datname = '" + name +
                                    "'") == "0";
        }));
    }
    void open() {
        must(admin, "ALTER DATABASE " + name + " ALLOW_CONNECTIONS true");
        database = Connection::open(dsn, "again").value();
    }
    // Of a database that is shut; nobody is in the copy.
    void copy_to(const std::string& copy) {
        must(admin, "CREATE DATABASE " + copy + " TEMPLATE " + name);
    }
    // The database, which is shut, is no more, and a copy of it goes by its name.
    void replace_by(const std::string& copy) {
        must(admin, "DROP DATABASE " + name);
        must(admin, "ALTER DATABASE " + copy + " RENAME TO " + name);
    }
    bool compared() {
        edge->service().compare_all();
        return edge->messages(inbox) == messages_in_database(database, inbox);
    }

    std::string name;  // of the database
    Connection admin;
};

TEST_F(MailboxUpkeep, TheDatabaseWentBack) {
    start();
    deliver(database, 1, 5);
    MailboxWorker worker = opened();
    deliver(database, 1, 3);
    edge->shows(inbox, messages_in_database(database, inbox));
    const std::string before = uid_validity();
    behind_the_back(
        fmt::format("DELETE FROM gatepost.messages WHERE mailbox_id = {0} AND uid > 5; UPDATE "
                    "gatepost.mailboxes SET uid_next = 6, highest_modseq = 2, message_count = 5, "
                    "unseen_count = 5, byte_count = 500 WHERE id = {0}",
                    inbox));
    edge->service().compare_all();
    worker.await_change(inbox);
    expect_renumbered(worker, before);
    EXPECT_EQ(value(database,
                    "SELECT uid_next FROM gatepost.mailboxes WHERE id = " + std::to_string(inbox)),
              "9")
        << "no UID is given twice";
    EXPECT_TRUE(worker.ask(store(inbox, {{1, 5}}, FlagAction::add, kFlagSeen)).ok());
    expect_same(inbox);
}

// It was seen, evicted, and is loaded again.
TEST_F(MailboxUpkeep, TheDatabaseWentBackWhileAMailboxWasNotResident) {
    options.resident_max = 1;
    options.kept = std::chrono::milliseconds(0);
    start();
    deliver(database, 1, 5);
    deliver(database, 1, 5, "Other");
    MailboxWorker worker = opened();
    ASSERT_TRUE(worker.ask(OpenMailbox{mailbox_id(database, 1, "Other")}).ok());
    ASSERT_TRUE(eventually([&] { return edge->messages(inbox).starts_with("not resident"); }));
    const std::string before = uid_validity();
    behind_the_back(fmt::format(
        "DELETE FROM gatepost.messages WHERE mailbox_id = {0}; UPDATE gatepost.mailboxes SET "
        "uid_next = 1, highest_modseq = 1, message_count = 0, unseen_count = 0, byte_count = 0 "
        "WHERE id = {0}",
        inbox));
    EXPECT_EQ(worker.ask(OpenMailbox{inbox}).outcome, MailboxOutcome::unavailable);
    EXPECT_TRUE(eventually([&] { return edge->service().status().lost == 1; }));
    EXPECT_TRUE(eventually([&] {
        const std::string shown = edge->messages(inbox);
        return uid_validity() != before && shown.ends_with(messages_in_database(database, inbox));
    }));
}

// A status that nobody has seen messages by is no reason for another UIDVALIDITY.
TEST_F(MailboxUpkeep, AStatusThatWentBack) {
    start();
    deliver(database, 1, 5);
    MailboxWorker worker = connect();
    ASSERT_TRUE(worker.ask(OpenAccount{1}).ok());
    deliver(database, 1, 1);
    ASSERT_TRUE(eventually([&] { return edge->view().mailbox(inbox)->status().messages == 6; }));
    const std::string before = uid_validity();
    behind_the_back(
        fmt::format("UPDATE gatepost.mailboxes SET uid_next = 6, highest_modseq = 2, "
                    "message_count = 5 WHERE id = {}",
                    inbox));
    edge->service().compare_all();
    EXPECT_TRUE(eventually([&] { return edge->view().mailbox(inbox)->status().messages == 5; }));
    EXPECT_EQ(uid_validity(), before);
}

TEST_F(MailboxUpkeep, AnotherUidValidityByHand) {
    start();
    deliver(database, 1, 5);
    MailboxWorker worker = opened();
    const std::string before = uid_validity();
    must(database, fmt::format("SELECT gatepost.renumber_mailbox({})", inbox));
    worker.await_change(inbox);
    expect_renumbered(worker, before);
}

// Restored as it was before a session saw more of it, and before it was deleted.
TEST_F(MailboxUpkeep, AMailboxThatWasGoneIsThereAgain) {
    start();
    deliver(database, 1, 5);
    deliver(database, 1, 2, "Lists");
    MailboxWorker worker = opened();
    const uint64_t lists = mailbox_id(database, 1, "Lists");
    must(database, fmt::format("CREATE TABLE backup AS SELECT * FROM gatepost.mailboxes WHERE "
                               "id = {0}; CREATE TABLE backup_of_messages AS SELECT * FROM "
                               "gatepost.messages WHERE mailbox_id = {0}",
                               lists));
    ASSERT_TRUE(worker.ask(append(lists)).ok());
    ASSERT_TRUE(worker.ask(OpenMailbox{lists}).ok());
    const uint32_t before = edge->view().mailbox(lists)->status().uid_validity;
    ASSERT_TRUE(worker.ask(DeleteMailbox{lists}).ok());
    ASSERT_EQ(worker.ask(OpenMailbox{lists}).outcome, MailboxOutcome::not_found);
    behind_the_back(
        fmt::format("INSERT INTO gatepost.mailboxes OVERRIDING SYSTEM VALUE SELECT * FROM backup; "
                    "INSERT INTO gatepost.messages SELECT * FROM backup_of_messages; "
                    "UPDATE gatepost.mailboxes SET highest_modseq = 1 WHERE id = {}",
                    inbox));
    edge->service().compare_all();
    ASSERT_TRUE(eventually([&] { return worker.ask(OpenMailbox{lists}).ok(); }));
    expect_same(lists);
    EXPECT_GT(edge->view().mailbox(lists)->status().uid_validity, before);
    EXPECT_EQ(edge->view().mailbox(lists)->status().uid_next, 4u) << "no UID is given twice";
}

// Its sequence went back without a trace in any mailbox that is in memory.
TEST_F(MailboxUpkeep, AnIdThatIsGivenAgain) {
    start();
    MailboxWorker worker = opened();
    const MailboxReply made = worker.ask(CreateMailbox{1, "Lists", SpecialUse::none});
    ASSERT_TRUE(made.ok()) << made.text;
    ASSERT_TRUE(worker.ask(append(made.mailbox_id, 2)).ok());
    ASSERT_TRUE(worker.ask(OpenMailbox{made.mailbox_id}).ok());
    ASSERT_TRUE(worker.ask(DeleteMailbox{made.mailbox_id}).ok());
    must(database, fmt::format("INSERT INTO gatepost.mailboxes (id, account_id, name) "
                               "OVERRIDING SYSTEM VALUE VALUES ({}, 2, 'Again')",
                               made.mailbox_id));
    ASSERT_TRUE(worker.ask(OpenMailbox{made.mailbox_id}).ok());
    expect_same(made.mailbox_id);
    deliver(database, 2, 1, "Again");
    EXPECT_TRUE(edge->shows(made.mailbox_id, messages_in_database(database, made.mailbox_id)));
}

// A backup takes the database's place, and has got past the numbers that were seen when it is
// asked: only its messages tell.
TEST_F(MailboxUpkeepElsewhere, HasGotPastIt) {
    start_unfollowed();
    MailboxWorker worker = opened();
    const std::string before = uid_validity();
    shut();
    copy_to("backup");
    open();
    deliver(database, 1, 3);
    ASSERT_TRUE(eventually([&] { return compared(); }));
    shut();
    {
        Connection backup = Connection::open(server->postgres().dsn("backup"), "backup").value();
        deliver(backup, 1, 2);
        deliver(backup, 1, 2);
        deliver(backup, 1, 2);
    }
    replace_by("backup");
    open();
    expect_renumbered(worker, before);
}

// Another server that has lost nothing: nobody is to load mail anew.
TEST_F(MailboxUpkeepElsewhere, HasLostNothing) {
    start_unfollowed();
    MailboxWorker worker = opened();
    const std::string before = uid_validity();
    shut();
    copy_to("replica");
    replace_by("replica");
    open();
    deliver(database, 1, 1);
    // A comparison may have been before the delivery.
    ASSERT_TRUE(eventually([&] { return worker.ask(OpenMailbox{inbox}).ok() && compared(); }));
    EXPECT_EQ(uid_validity(), before);
}

// What an edge has not been told in time is not known any more: it loads the mailbox as a whole.
TEST_F(MailboxUpkeep, BehindTheFloor) {
    start(2, false);
    deliver(database, 1, 6);
    MailboxWorker worker = opened();
    // In one transaction: a comparison may be under way.
    must(database, fmt::format("DELETE FROM gatepost.messages WHERE mailbox_id = {} AND uid < 3; "
                               "SELECT gatepost.prune_expunged('-1 day')",
                               inbox));
    edge->service().compare_all();
    worker.await_change(inbox);
    EXPECT_TRUE(edge->messages(inbox).starts_with("not resident")) << edge->messages(inbox);
    ASSERT_TRUE(worker.ask(OpenMailbox{inbox}).ok());
    expect_same(inbox);
    // A change of its own is the first that it learns.
    must(database, fmt::format("DELETE FROM gatepost.messages WHERE mailbox_id = {} AND uid = 4; "
                               "SELECT gatepost.prune_expunged('-1 day')",
                               inbox));
    ASSERT_TRUE(worker.ask(append(inbox)).ok());
    ASSERT_TRUE(worker.ask(OpenMailbox{inbox}).ok());
    expect_same(inbox);
}

// RFC 7162 §3.2.6: every UID that is not there, whatever the mailbox's UIDs look like.
TEST_F(MailboxUpkeep, VanishedBehindTheFloor) {
    start();
    deliver(database, 1, 9);
    MailboxWorker worker = opened();
    ASSERT_TRUE(worker.ask(ExpungeMessages{inbox, {{1, 1}, {4, 5}, {9, 9}}, false}).ok());
    const uint64_t before = edge->view().mailbox(inbox)->status().highest_modseq;
    must(database, "SELECT gatepost.prune_expunged('-1 day')");
    ASSERT_TRUE(worker.ask(ExpungeMessages{inbox, {{7, 7}}, false}).ok());
    EXPECT_EQ(worker.ask(FindExpunged{inbox, before - 1, {}}).uids,
              (UidSet{{1, 1}, {4, 5}, {7, 7}, {9, 9}}));
    EXPECT_EQ(worker.ask(FindExpunged{inbox, before - 1, {{2, 4}, {7, 8}, {9, 400}}}).uids,
              (UidSet{{4, 4}, {7, 7}, {9, 9}}));
    EXPECT_EQ(worker.ask(FindExpunged{inbox, before, {}}).uids, (UidSet{{7, 7}}));
    // Time goes by the messages, not by the UIDs.
    must(database,
         fmt::format("UPDATE gatepost.mailboxes SET uid_next = 4294967296 WHERE id = {}", inbox));
    EXPECT_EQ(worker.ask(FindExpunged{inbox, before - 1, {}}).uids,
              (UidSet{{1, 1}, {4, 5}, {7, 7}, {9, UINT32_MAX}}));
}

TEST_F(MailboxUpkeep, KeywordsThatNobodyUses) {
    start();
    deliver(database, 1, 3);
    MailboxWorker worker = opened();
    for (size_t i = 0; i < 3 * kKeywordsMax; ++i) {
        const std::vector<std::string> keyword = {"k" + std::to_string(i)};
        const MailboxReply reply =
            worker.ask(store(inbox, {{1, 1}}, FlagAction::replace, 0, keyword));
        ASSERT_TRUE(reply.ok()) << i << ": " << reply.text;
        ASSERT_TRUE(worker.ask(OpenMailbox{inbox}).ok());
        ASSERT_LE(edge->view().mailbox(inbox)->keyword_count(), kKeywordsMax);
        expect_same(inbox);
    }
    // The limit is of those in use.
    std::vector<std::string> many;
    for (size_t i = 0; i < kKeywordsMax; ++i) many.push_back("m" + std::to_string(i));
    ASSERT_TRUE(worker.ask(store(inbox, {{1, 1}}, FlagAction::replace, 0, {})).ok());
    for (const std::string& keyword : many)
        ASSERT_TRUE(worker.ask(store(inbox, {{2, 2}}, FlagAction::add, 0, {keyword})).ok())
            << keyword;
    ASSERT_TRUE(worker.ask(OpenMailbox{inbox}).ok());
    expect_same(inbox);
    EXPECT_EQ(edge->view().mailbox(inbox)->keyword_count(), kKeywordsMax);
    EXPECT_EQ(worker.ask(store(inbox, {{3, 3}}, FlagAction::add, 0, {"more"})).outcome,
              MailboxOutcome::limit);
    ASSERT_TRUE(worker.ask(store(inbox, {{2, 2}}, FlagAction::remove, 0, {"m7"})).ok());
    EXPECT_TRUE(worker.ask(store(inbox, {{3, 3}}, FlagAction::add, 0, {"more"})).ok());
    ASSERT_TRUE(worker.ask(OpenMailbox{inbox}).ok());
    expect_same(inbox);
}

}  // namespace
}  // namespace gatepost::controlplane
