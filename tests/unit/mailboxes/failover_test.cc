// Another server takes the database's place, and the service's connections do not find it at once.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/mailboxes/service_fixture.h"

namespace gatepost::controlplane {
namespace {

using namespace gatepost::storage;

// Two databases with the same mailboxes, of which a service file (libpq) names the one that new
// connections find.
class MailboxFailover : public MailboxServiceTest {
  protected:
    void SetUp() override {
        ::setenv("PGSERVICEFILE", services.c_str(), 1);
        std::string dsn_before;
        before = database_of(2, &dsn_before);
        inbox = mailbox_id(before, 1, "INBOX");
        deliver(before, 1, 5);
        deliver(before, 1, 2, "Other");
        name_before = value(before, "SELECT current_database()");
        name_after = name_before + "_after";
        before = {};
        admin = Connection::open(server->postgres().dsn("postgres"), "admin").value();
        // A template must have no connections, and the server waits for the end of one 5 s only.
        ASSERT_TRUE(eventually([&] {
            return value(admin, "SELECT count(*) FROM pg_stat_activity WHERE datname = '" +
                                    name_before + "'") == "0";
        }));
        must(admin, "CREATE DATABASE " + name_after + " TEMPLATE " + name_before);
        before = Connection::open(dsn_before, "before").value();
        after = Connection::open(server->postgres().dsn(name_after), "after").value();
        route(dsn_before);
        options.dsn = "service=mail";
        edge = std::make_unique<Edge>(options, false);
    }
    void TearDown() override {
        edge.reset();
        ::unsetenv("PGSERVICEFILE");
        std::filesystem::remove(services);
    }

    // New connections find this one.
    void route(const std::string& found) const {
        std::string lines = "[mail]\n" + found + "\n";
        std::ranges::replace(lines, ' ', '\n');
        std::ofstream(services + ".new") << lines;
        std::filesystem::rename(services + ".new", services);
    }
    // The first connection that finds the other server is this one.
    void fail_over(const std::string& connection) {
        const std::string of_it =
            "FROM pg_stat_activity WHERE application_name = 'gatepost mailbox " + connection +
            "' AND datname = '" + name_before + "'";
        ASSERT_TRUE(eventually([&] { return value(admin, "SELECT count(*) " + of_it) == "1"; }));
        route(server->postgres().dsn(name_after));
        must(admin, "SELECT pg_terminate_backend(pid) " + of_it);
    }
    static std::string uid_validity(Connection& database, uint64_t mailbox) {
        return value(database, "SELECT uid_validity FROM gatepost.mailboxes WHERE id = " +
                                   std::to_string(mailbox));
    }
    // The mailbox can be opened, and is what the other server has.
    bool shows_what_is_after(MailboxWorker& worker, uint64_t mailbox) {
        return eventually([&] {
            return worker.ask(OpenMailbox{mailbox}).ok() &&
                   edge->messages(mailbox) == messages_in_database(after, mailbox);
        });
    }

    const std::string services =
        testing::TempDir() + "gatepost_services_" + std::to_string(::getpid());
    std::string name_before;
    std::string name_after;
    Connection admin;
    Connection before;
    Connection after;
};

class MailboxFailoverOf : public MailboxFailover,
                          public testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(EachConnection, MailboxFailoverOf,
                         testing::Values("changes", "bulk changes", "reads", "loads"),
                         [](const auto& connection) {
                             std::string name = connection.param;
                             std::ranges::replace(name, ' ', '_');
                             return name;
                         });

// The other server lacks a delivery, and has got past its numbers.
TEST_P(MailboxFailoverOf, ALossIsNoticed) {
    MailboxWorker worker = opened();
    deliver(before, 1, 3);
    edge->service().compare_all();
    ASSERT_TRUE(edge->shows(inbox, messages_in_database(before, inbox)));
    for (int i = 0; i < 4; ++i) deliver(after, 1, 1);
    const std::string was = uid_validity(before, inbox);
    fail_over(GetParam());
    EXPECT_TRUE(eventually([&] { return uid_validity(after, inbox) != was; }));
    EXPECT_TRUE(shows_what_is_after(worker, inbox));
    EXPECT_EQ(uid_validity(before, inbox), was);
    EXPECT_TRUE(eventually([&] { return worker.ask(append(inbox)).ok(); }));
    EXPECT_TRUE(shows_what_is_after(worker, inbox));
}

// It has lost nothing, and somebody else's delivery is there already.
TEST_P(MailboxFailoverOf, AHealthyMailboxStaysAsItIs) {
    MailboxWorker worker = opened();
    deliver(after, 1, 1);
    const std::string was = uid_validity(after, inbox);
    fail_over(GetParam());
    EXPECT_TRUE(shows_what_is_after(worker, inbox));
    EXPECT_TRUE(eventually([&] {
        return worker.ask(store(inbox, {{1, 1}}, FlagAction::add, kFlagSeen)).ok();
    }));
    EXPECT_TRUE(shows_what_is_after(worker, inbox));
    EXPECT_EQ(value(after, "SELECT unseen_count FROM gatepost.mailboxes WHERE id = " +
                               std::to_string(inbox)),
              "5");
    EXPECT_EQ(uid_validity(after, inbox), was);
    EXPECT_EQ(edge->service().status().lost, 0u);
}

TEST_F(MailboxFailover, ALoadThatBeganBeforeIsThrownAway) {
    MailboxWorker worker = opened();
    const uint64_t other = mailbox_id(before, 1, "Other");
    deliver(before, 1, 3, "Other");
    must(before, "BEGIN; LOCK TABLE gatepost.messages");
    const uint64_t load = worker.send(OpenMailbox{other});
    ASSERT_TRUE(eventually([&] {
        return value(admin,
                     "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                     "'gatepost mailbox loads' AND wait_event_type = 'Lock'") == "1";
    }));
    fail_over("reads");
    ASSERT_TRUE(eventually([&] {
        const MailboxReply quota = worker.ask(GetQuota{1});
        return quota.ok() && quota.numbers.at(2) == 7;
    })) << "messages there";
    must(before, "COMMIT");
    EXPECT_EQ(worker.receive(load).outcome, MailboxOutcome::unavailable);
    EXPECT_TRUE(shows_what_is_after(worker, other));
}

// The check was asked for before a change, and waits for the connection to the server before while
// another one takes its place, which lacks the change and has got past its numbers.
TEST_F(MailboxFailover, ACheckThatBeganBeforeIsNoAnswer) {
    MailboxWorker worker = opened();
    must(before, "BEGIN; LOCK TABLE gatepost.mailbox_metadata");
    const uint64_t blocked = worker.send(GetMetadata{1, inbox, {"/private/comment"}, 0});
    ASSERT_TRUE(eventually([&] {
        return value(admin,
                     "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                     "'gatepost mailbox reads' AND wait_event_type = 'Lock'") == "1";
    }));
    edge->service().compare_all();
    ASSERT_TRUE(worker.ask(append(inbox)).ok());
    for (int i = 0; i < 4; ++i) deliver(after, 1, 1);
    const std::string was = uid_validity(after, inbox);
    fail_over("reads");
    EXPECT_EQ(worker.receive(blocked).outcome, MailboxOutcome::unavailable);
    EXPECT_TRUE(eventually([&] { return uid_validity(after, inbox) != was; }));
    must(before, "COMMIT");
    EXPECT_TRUE(shows_what_is_after(worker, inbox));
}

// The other server cannot be asked for what it knows.
TEST_F(MailboxFailover, ACheckThatFailsIsRepeated) {
    MailboxWorker worker = opened();
    ASSERT_TRUE(worker.ask(append(inbox)).ok());
    for (int i = 0; i < 3; ++i) deliver(after, 1, 1);
    const std::string was = uid_validity(after, inbox);
    must(after, "ALTER TABLE gatepost.expunged RENAME TO not_there");
    fail_over("reads");
    const auto failures = [&] {
        return std::stoi(value(
            admin,
            "SELECT xact_rollback FROM pg_stat_database WHERE datname = '" + name_after + "'"));
    };
    const int failures_before = failures();
    ASSERT_TRUE(eventually([&] { return failures() >= failures_before + 2; }));
    EXPECT_EQ(uid_validity(after, inbox), was);
    EXPECT_EQ(worker.ask(GetQuota{1}).outcome, MailboxOutcome::unavailable);
    must(after, "ALTER TABLE gatepost.not_there RENAME TO expunged");
    EXPECT_TRUE(eventually([&] { return uid_validity(after, inbox) != was; }));
    EXPECT_TRUE(shows_what_is_after(worker, inbox));
}

// More than one query asks for.
TEST_F(MailboxFailover, ALossOfVeryManyMailboxes) {
    constexpr int kMailboxes = 1020;
    const std::string every =
        "DO $$ BEGIN FOR i IN 1.." + std::to_string(kMailboxes) +
        " LOOP PERFORM gatepost.create_mailbox(1, 'Box' || i, NULL); END LOOP; END $$";
    for (Connection* each : {&before, &after}) must(*each, every);
    MailboxWorker worker = opened();
    std::vector<uint64_t> mailboxes;
    for (int i = 1; i <= kMailboxes; ++i) {
        const std::string name = "Box" + std::to_string(i);
        deliver(before, 1, 2, name);
        mailboxes.push_back(mailbox_id(before, 1, name));
        ASSERT_TRUE(worker.ask(OpenMailbox{mailboxes.back()}).ok());
        deliver(after, 1, 3, name);
    }
    fail_over("loads");
    EXPECT_TRUE(eventually([&] { return edge->service().status().lost == kMailboxes; }))
        << edge->service().status().lost;
    EXPECT_TRUE(shows_what_is_after(worker, mailboxes.front()));
    EXPECT_TRUE(shows_what_is_after(worker, mailboxes.back()));
    EXPECT_TRUE(shows_what_is_after(worker, inbox));
}

// The replication stream comes from the server before, where somebody has deleted a mailbox.
TEST_F(MailboxFailover, TheStreamIsBelievedOnceItIsSo) {
    MailboxWorker worker = opened();
    const uint64_t other = mailbox_id(before, 1, "Other");
    ASSERT_TRUE(worker.ask(OpenMailbox{other}).ok());
    edge->service().notice({MailboxKey{static_cast<int64_t>(other)}});
    EXPECT_TRUE(worker.ask(OpenMailbox{other}).ok());
    EXPECT_EQ(edge->messages(other), messages_in_database(before, other));
    must(before, "DELETE FROM gatepost.mailboxes WHERE id = " + std::to_string(other));
    edge->service().notice({MailboxKey{static_cast<int64_t>(other)}});
    EXPECT_TRUE(eventually(
        [&] { return worker.ask(OpenMailbox{other}).outcome == MailboxOutcome::not_found; }));
}

// It tells of a commit that nobody sees yet.
TEST_F(MailboxFailover, TheStreamIsAheadOfTheDatabase) {
    MailboxWorker worker = opened();
    const uint64_t other = mailbox_id(before, 1, "Other");
    ASSERT_TRUE(worker.ask(OpenMailbox{other}).ok());
    must(before, "BEGIN; DELETE FROM gatepost.mailboxes WHERE id = " + std::to_string(other));
    const uint64_t refreshes = edge->service().status().refreshes;
    edge->service().notice({MailboxKey{static_cast<int64_t>(other)}});
    ASSERT_TRUE(eventually([&] { return edge->service().status().refreshes >= refreshes + 2; }));
    EXPECT_TRUE(worker.ask(GetQuota{1}).ok());  // after what was asked over the same connection
    EXPECT_TRUE(worker.ask(OpenMailbox{other}).ok());
    must(before, "COMMIT");
    EXPECT_TRUE(eventually(
        [&] { return worker.ask(OpenMailbox{other}).outcome == MailboxOutcome::not_found; }));
}

}  // namespace
}  // namespace gatepost::controlplane
