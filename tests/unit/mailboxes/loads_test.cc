// Mailboxes that are read while the database sends them: what happens in the middle of it.
#include "tests/unit/mailboxes/service_fixture.h"

namespace gatepost::controlplane {
namespace {

using namespace gatepost::storage;

constexpr int kMessages = 6000;  // more than a piece
constexpr int kGate = 5000;      // the UID at which a load waits

class MailboxLoads : public MailboxServiceTest {
  protected:
    // A load of the INBOX, which has kMessages, waits at the message kGate for as long as the gate
    // is shut: what comes before it has been sent.
    void start_with_gate() {
        start();
        deliver(database, 1, kMessages);
        deliver(database, 1, 3, "Other");
        must(database,
             fmt::format(
                 "CREATE FUNCTION gatepost.pass_gate(mailbox bigint, uid bigint) RETURNS boolean "
                 "LANGUAGE plpgsql AS $$ BEGIN IF mailbox = {} AND uid = {} THEN "
                 "PERFORM pg_advisory_xact_lock_shared(7); END IF; RETURN true; END $$; "
                 "ALTER TABLE gatepost.messages RENAME TO kept_messages; "
                 "CREATE VIEW gatepost.messages AS SELECT * FROM gatepost.kept_messages "
                 "WHERE gatepost.pass_gate(mailbox_id, uid)",
                 inbox, kGate));
    }
    void shut_gate() { must(database, "SELECT pg_advisory_lock(7)"); }
    void open_gate() { must(database, "SELECT pg_advisory_unlock(7)"); }
    std::string backend_at_gate() {
        return value(database,
                     "SELECT coalesce(min(pid), 0) FROM pg_locks WHERE locktype = 'advisory' "
                     "AND objid = 7 AND NOT granted");
    }
    bool await_load_at_gate() {
        return eventually([&] { return backend_at_gate() != "0"; });
    }
};

TEST_F(MailboxLoads, TheConnectionDiesInTheMiddle) {
    start_with_gate();
    MailboxWorker worker = connect();
    shut_gate();
    const uint64_t request = worker.send(OpenMailbox{inbox});
    ASSERT_TRUE(await_load_at_gate());
    must(database, "SELECT pg_terminate_backend(" + backend_at_gate() + ")");
    EXPECT_EQ(worker.receive(request).outcome, MailboxOutcome::unavailable);
    EXPECT_FALSE(edge->view().mailbox(inbox) && edge->view().mailbox(inbox)->has_messages());
    EXPECT_EQ(edge->service().status().loads, 0u);
    open_gate();
    // The connection is made again, and what was read before is of no harm.
    ASSERT_TRUE(eventually([&] { return worker.ask(OpenMailbox{inbox}).ok(); }));
    expect_same(inbox);
}

TEST_F(MailboxLoads, AChangeIsCommittedMeanwhile) {
    start_with_gate();
    MailboxWorker worker = connect();
    shut_gate();
    const uint64_t request = worker.send(OpenMailbox{inbox});
    ASSERT_TRUE(await_load_at_gate());
    // The one before the gate has been read as it was, and so is the other one.
    must(database, fmt::format("UPDATE gatepost.kept_messages SET flags = 4 "
                               "WHERE mailbox_id = {} AND uid IN (1, {})",
                               inbox, kMessages));
    must(database, fmt::format("DELETE FROM gatepost.kept_messages WHERE mailbox_id = {} "
                               "AND uid IN (2, {})",
                               inbox, kMessages - 1));
    open_gate();
    ASSERT_TRUE(worker.receive(request).ok());
    EXPECT_TRUE(edge->view().mailbox(inbox)->has_messages());
    edge->shows(inbox, messages_in_database(database, inbox));
}

TEST_F(MailboxLoads, SeveralAtOnce) {
    start_with_gate();
    const uint64_t other = mailbox_id(database, 1, "Other");
    MailboxWorker first = connect(0);
    MailboxWorker second = connect(1);
    shut_gate();
    const uint64_t of_first = first.send(OpenMailbox{inbox});
    ASSERT_TRUE(await_load_at_gate());
    const uint64_t of_second = second.send(OpenMailbox{inbox});
    const uint64_t another = second.send(OpenMailbox{other});
    // What is no load does not wait for one.
    EXPECT_TRUE(first.ask(OpenAccount{1}).ok());
    EXPECT_TRUE(first.ask(GetQuota{1}).ok());
    open_gate();
    EXPECT_TRUE(first.receive(of_first).ok());
    EXPECT_TRUE(second.receive(of_second).ok());
    EXPECT_TRUE(second.receive(another).ok());
    expect_same(inbox);
    expect_same(other);
    EXPECT_EQ(edge->service().status().loads, 2u) << "nobody loads one twice";
}

TEST_F(MailboxLoads, AMailboxThatIsEmpty) {
    start();
    MailboxWorker worker = opened();
    ASSERT_TRUE(edge->view().mailbox(inbox)->has_messages());
    EXPECT_EQ(edge->view().mailbox(inbox)->size(), 0u);
    expect_same(inbox);
    deliver(database, 1, 1);
    edge->shows(inbox, messages_in_database(database, inbox));
}

TEST_F(MailboxLoads, KeywordsOfSeveralPieces) {
    start();
    deliver(database, 1, kMessages);
    must(database, fmt::format("UPDATE gatepost.messages SET keywords = ARRAY['$Junk', 'k' || uid "
                               "% 7] WHERE mailbox_id = {} AND uid % 2 = 0",
                               inbox));
    MailboxWorker worker = opened();
    EXPECT_EQ(edge->view().mailbox(inbox)->keyword_count(), 8u);
    expect_same(inbox);
}

// It is refused as a whole; other mailboxes are as before, and so is the connection.
TEST_F(MailboxLoads, ARowThatIsNotAsItShouldBe) {
    start();
    deliver(database, 1, kMessages);
    deliver(database, 1, 3, "Other");
    const auto put_uid = [&](int64_t from, int64_t to) {
        must(database, fmt::format("SET session_replication_role = replica; "
                                   "UPDATE gatepost.messages SET uid = {} WHERE mailbox_id = {} "
                                   "AND uid = {}; SET session_replication_role = origin",
                                   to, inbox, from));
    };
    must(database, "ALTER TABLE gatepost.messages DROP CONSTRAINT IF EXISTS messages_uid_check");
    put_uid(kMessages, int64_t{1} << 40);
    MailboxWorker worker = connect();
    const MailboxReply reply = worker.ask(OpenMailbox{inbox});
    EXPECT_EQ(reply.outcome, MailboxOutcome::unavailable);
    EXPECT_NE(reply.text.find(fmt::format("behind UID {}", kMessages - 1)), std::string::npos)
        << reply.text;
    EXPECT_TRUE(worker.ask(OpenMailbox{mailbox_id(database, 1, "Other")}).ok());
    put_uid(int64_t{1} << 40, kMessages);
    ASSERT_TRUE(worker.ask(OpenMailbox{inbox}).ok());
    expect_same(inbox);
}

}  // namespace
}  // namespace gatepost::controlplane
