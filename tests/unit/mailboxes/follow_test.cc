// Changes by others, a database that goes away, memory that is full.
#include <random>

#include "tests/unit/mailboxes/service_fixture.h"

namespace gatepost::controlplane {
namespace {

using namespace gatepost::storage;

class MailboxFollowing : public MailboxServiceTest {};

TEST_F(MailboxFollowing, SqlByHand) {
    start();
    deliver(database, 1, 5);
    MailboxWorker worker = opened();
    must(database, fmt::format("UPDATE gatepost.messages SET flags = 5 WHERE mailbox_id = {} AND "
                               "uid IN (1, 4)",
                               inbox));
    edge->shows(inbox, messages_in_database(database, inbox));
    worker.await_change(inbox);
    must(database,
         fmt::format("DELETE FROM gatepost.messages WHERE mailbox_id = {} AND uid = 2", inbox));
    edge->shows(inbox, messages_in_database(database, inbox));
    must(database, fmt::format("UPDATE gatepost.mailboxes SET name = 'Box' WHERE id = {}",
                               mailbox_id(database, 1, "Archive")));
    EXPECT_TRUE(eventually([&] { return edge->view().account(1)->find("Box").has_value(); }));
    must(database, "INSERT INTO gatepost.mailboxes (account_id, name) VALUES (1, 'New')");
    EXPECT_TRUE(eventually([&] { return edge->view().account(1)->find("New").has_value(); }));
    must(database, "DELETE FROM gatepost.mailboxes WHERE name = 'New'");
    EXPECT_TRUE(eventually([&] { return !edge->view().account(1)->find("New").has_value(); }));
    // Of one that is not in memory: the status.
    deliver(database, 1, 2, "Junk");
    const uint64_t junk = mailbox_id(database, 1, "Junk");
    EXPECT_TRUE(eventually([&] { return edge->view().mailbox(junk)->status().messages == 2; }));
}

TEST_F(MailboxFollowing, DeliveriesAmongChanges) {
    start();
    deliver(database, 1, 1);
    MailboxWorker worker = opened();
    for (uint32_t i = 1; i <= 100; ++i) {
        deliver(database, 1, 1);
        ASSERT_TRUE(worker.ask(store(inbox, {{1, i}}, FlagAction::add, 1 << i % 5)).ok());
        ASSERT_EQ(edge->messages(inbox), messages_in_database(database, inbox));
    }
}

TEST_F(MailboxFollowing, AccountsThatAreClosed) {
    start();
    MailboxWorker worker = opened();
    must(database, "UPDATE gatepost.accounts SET state = 'suspended' WHERE id = 1");
    for (MailboxEvent event = worker.event(); !worker.is_closed(); event = worker.event()) {
        if (event.kind != MailboxEvent::Kind::disconnect) continue;
        EXPECT_EQ(event.account_id, 1u);
        EXPECT_EQ(event.reason, "the account is suspended");
        break;
    }
    EXPECT_FALSE(worker.is_closed());
}

TEST_F(MailboxFollowing, SessionsAreListed) {
    start();
    MailboxWorker first = connect(0);
    MailboxWorker second = connect(1);
    ASSERT_TRUE(first.ask(OpenAccount{1}).ok());
    ASSERT_TRUE(second.ask(OpenAccount{1}).ok());
    std::mutex mutex;
    std::optional<SessionList> list;
    const auto ask = [&] {
        list.reset();
        edge->service().list_sessions(1, [&](SessionList answer) {
            const std::lock_guard lock(mutex);
            list = std::move(answer);
        });
        for (MailboxWorker* worker : {&first, &second}) {
            MailboxEvent event = worker->event();
            while (event.kind != MailboxEvent::Kind::list_sessions && !worker->is_closed())
                event = worker->event();
            SessionNote note;
            note.number = event.number;
            note.session_id = 7;
            note.account_id = worker == &first ? 1 : 2;
            note.user = "user1@example.org";
            worker->send(note);
            note = {};
            note.number = event.number;
            worker->send(note);
        }
        EXPECT_TRUE(eventually([&] {
            const std::lock_guard lock(mutex);
            return list.has_value();
        }));
        return list && list->is_complete;
    };
    // The service does not wait for long: asked anew where this thread slept meanwhile.
    ASSERT_TRUE(eventually(ask));
    ASSERT_EQ(list->sessions.size(), 1u) << "the other one is of another account";
    EXPECT_EQ(list->sessions[0].user, "user1@example.org");
}

// One that does not answer is not waited for for ever.
TEST_F(MailboxFollowing, SessionsOfAWorkerThatIsGone) {
    start();
    std::atomic<bool> answered{false};
    {
        MailboxWorker worker = connect();
        ASSERT_TRUE(worker.ask(OpenAccount{1}).ok());
        edge->service().list_sessions(0, [&](SessionList) { answered = true; });
    }
    EXPECT_TRUE(eventually([&] { return answered.load(); }));
}

TEST_F(MailboxFollowing, TheDatabaseIsAway) {
    start();
    deliver(database, 1, 3);
    MailboxWorker worker = opened();
    const std::string before = edge->messages(inbox);
    ASSERT_TRUE(server->postgres().stop());
    ASSERT_TRUE(eventually([&] { return !edge->service().status().connected; }));
    EXPECT_TRUE(worker.ask(OpenMailbox{inbox}).ok()) << "it is in memory";
    EXPECT_EQ(worker.ask(store(inbox, {{1, 1}}, FlagAction::add, kFlagSeen)).outcome,
              MailboxOutcome::unavailable);
    EXPECT_EQ(worker.ask(OpenMailbox{inbox + 1}).outcome, MailboxOutcome::unavailable);
    EXPECT_EQ(worker.ask(GetQuota{1}).outcome, MailboxOutcome::unavailable);
    EXPECT_EQ(edge->messages(inbox), before);
    ASSERT_TRUE(server->postgres().restart());
    database = Connection::open(dsn, "again").value();
    // Before the stream is there again.
    must(database, fmt::format("UPDATE gatepost.messages SET flags = 4 WHERE mailbox_id = {} AND "
                               "uid = 2",
                               inbox));
    edge->shows(inbox, messages_in_database(database, inbox));
    ASSERT_TRUE(eventually([&] { return edge->service().status().connected; }));
    EXPECT_TRUE(worker.ask(store(inbox, {{1, 1}}, FlagAction::add, kFlagSeen)).ok());
    expect_same(inbox);
}

// Another process takes its place: it begins with nothing.
TEST_F(MailboxFollowing, AnotherControlPlane) {
    start();
    deliver(database, 1, 3);
    MailboxWorker worker = opened();
    ASSERT_TRUE(worker.ask(store(inbox, {{1, 1}}, FlagAction::add, kFlagSeen)).ok());
    edge.reset();
    EXPECT_EQ(worker.receive(99).text, "closed");
    edge = std::make_unique<Edge>(options);
    MailboxWorker again = opened();
    expect_same(inbox);
}

TEST_F(MailboxFollowing, TwoEdges) {
    start();
    deliver(database, 1, 20);
    MailboxWorker worker = opened();
    Edge other(options);
    MailboxWorker there = other.connect();
    ASSERT_TRUE(eventually([&] { return other.service().status().connected; }));
    ASSERT_TRUE(there.ask(OpenAccount{1}).ok());
    ASSERT_TRUE(there.ask(OpenMailbox{inbox}).ok());
    for (uint32_t i = 0; i < 100; ++i) {
        const uint32_t uid = 1 + i % 20;
        const auto action = i % 3 == 0 ? FlagAction::remove : FlagAction::add;
        const uint64_t here = worker.send(store(inbox, {{uid, uid}}, action, kFlagSeen));
        ASSERT_TRUE(there.ask(store(inbox, {{1, uid}}, FlagAction::replace, 1 << i % 5)).ok());
        ASSERT_TRUE(worker.receive(here).ok());
    }
    const std::string truth = messages_in_database(database, inbox);
    edge->shows(inbox, truth);
    other.shows(inbox, truth);
    there.await_change(inbox);
}

TEST_F(MailboxFollowing, MailboxesLeaveWhereMemoryIsShort) {
    options.resident_max = 100'000;
    options.kept = std::chrono::milliseconds(0);
    start();
    std::vector<uint64_t> boxes = {inbox};
    deliver(database, 1, 500);
    for (int i = 0; i < 8; ++i) {
        const std::string name = "box" + std::to_string(i);
        deliver(database, 1, 500, name);
        boxes.push_back(mailbox_id(database, 1, name));
    }
    MailboxWorker worker = opened();
    for (const uint64_t box : boxes) ASSERT_TRUE(worker.ask(OpenMailbox{box}).ok());
    EXPECT_TRUE(eventually([&] { return edge->service().status().evictions >= 6; }));
    EXPECT_EQ(edge->messages(inbox).substr(0, 12), "not resident");
    // It may come back, and is changed while it is away.
    ASSERT_TRUE(worker.ask(store(inbox, {{1, 500}}, FlagAction::add, kFlagSeen)).ok());
    EXPECT_EQ(edge->view().mailbox(inbox)->status().unseen, 0u);
    ASSERT_TRUE(worker.ask(store(inbox, {{7, 7}}, FlagAction::add, 0, {"Back"})).ok());
    ASSERT_TRUE(worker.ask(OpenMailbox{inbox}).ok());
    EXPECT_EQ(edge->view().mailbox(inbox)->status().messages, 500u);
}

TEST_F(MailboxFollowing, AnArenaThatIsFull) {
    options.arena_size_max = uint64_t{4} << 20;
    start();
    deliver(database, 1, 10'000);
    deliver(database, 1, 10'000, "Large");
    deliver(database, 1, 60'000, "Huge");
    const uint64_t huge = mailbox_id(database, 1, "Huge");
    MailboxWorker worker = opened();
    const MailboxReply reply = worker.ask(OpenMailbox{huge});
    EXPECT_EQ(reply.outcome, MailboxOutcome::unavailable);
    EXPECT_NE(reply.text, "");
    EXPECT_TRUE(worker.ask(store(inbox, {{1, 1}}, FlagAction::add, kFlagSeen)).ok());
    EXPECT_GE(edge->service().status().full, 1u);
}

}  // namespace
}  // namespace gatepost::controlplane
