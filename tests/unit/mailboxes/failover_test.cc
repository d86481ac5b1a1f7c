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

}  // namespace
}  // namespace gatepost::controlplane
