// Requests that change messages, and what is refused.
#include <csignal>

#include "tests/unit/mailboxes/service_fixture.h"

namespace gatepost::controlplane {
namespace {

using namespace gatepost::storage;

class MailboxRequests : public MailboxServiceTest {};

TEST_F(MailboxRequests, Expunge) {
    start();
    deliver(database, 1, 10);
    MailboxWorker worker = opened();
    ASSERT_TRUE(worker.ask(store(inbox, {{2, 3}, {9, 9}}, FlagAction::add, kFlagDeleted)).ok());
    MailboxReply reply = worker.ask(ExpungeMessages{inbox, {{1, 5}}, true});
    ASSERT_TRUE(reply.ok()) << reply.text;
    EXPECT_EQ(reply.uids, (UidSet{{2, 3}}));
    EXPECT_EQ(reply.modseq, 4u);
    expect_same(inbox);
    reply = worker.ask(ExpungeMessages{inbox, {}, true});
    EXPECT_EQ(reply.uids, (UidSet{{9, 9}}));
    expect_same(inbox);
    reply = worker.ask(ExpungeMessages{inbox, {{10, 10}}, false});
    EXPECT_EQ(reply.uids, (UidSet{{10, 10}}));
    expect_same(inbox);
    EXPECT_EQ(worker.ask(FindExpunged{inbox, 1, {}}).uids, (UidSet{{2, 3}, {9, 10}}));
    EXPECT_EQ(worker.ask(FindExpunged{inbox, 4, {{1, 9}}}).uids, (UidSet{{9, 9}}));
}

// Those that were deleted from gatepost.expunged are told by what is not there.
TEST_F(MailboxRequests, FindExpungedBehindTheFloor) {
    start();
    deliver(database, 1, 6);
    MailboxWorker worker = opened();
    ASSERT_TRUE(worker.ask(ExpungeMessages{inbox, {{2, 3}}, false}).ok());
    must(database, "SELECT gatepost.prune_expunged(interval '-1 day')");
    ASSERT_EQ(value(database, "SELECT count(*) FROM gatepost.expunged"), "0");
    EXPECT_EQ(worker.ask(FindExpunged{inbox, 1, {}}).uids, (UidSet{{2, 3}}));
    EXPECT_EQ(worker.ask(FindExpunged{inbox, 1, {{3, 4}}}).uids, (UidSet{{3, 3}}));
}

TEST_F(MailboxRequests, CopyAndMove) {
    start();
    deliver(database, 1, 4);
    MailboxWorker worker = opened();
    const uint64_t archive = mailbox_id(database, 1, "Archive");
    ASSERT_TRUE(worker.ask(OpenMailbox{archive}).ok());
    ASSERT_TRUE(worker.ask(store(inbox, {{2, 2}}, FlagAction::add, kFlagFlagged, {"Work"})).ok());
    MailboxReply reply = worker.ask(CopyMessages{inbox, {{1, 2}, {4, 4}}, archive, false});
    ASSERT_TRUE(reply.ok()) << reply.text;
    EXPECT_EQ(reply.source_uids, (UidSet{{1, 2}, {4, 4}}));
    EXPECT_EQ(reply.uids, (UidSet{{1, 3}}));
    EXPECT_EQ(std::to_string(reply.uid_validity),
              value(database, "SELECT uid_validity FROM gatepost.mailboxes WHERE id = " +
                                  std::to_string(archive)));
    expect_same(inbox);
    expect_same(archive);
    reply = worker.ask(CopyMessages{inbox, {{3, 4}}, archive, true});
    ASSERT_TRUE(reply.ok()) << reply.text;
    EXPECT_EQ(reply.uids, (UidSet{{4, 5}}));
    expect_same(inbox);
    expect_same(archive);
    EXPECT_EQ(edge->view().mailbox(inbox)->size(), 2u);
    // Into one that is not in memory: the status.
    const uint64_t trash = mailbox_id(database, 1, "Trash");
    ASSERT_TRUE(worker.ask(CopyMessages{inbox, {{1, 1}}, trash, false}).ok());
    EXPECT_EQ(edge->view().mailbox(trash)->status().messages, 1u);
    EXPECT_FALSE(edge->view().mailbox(trash)->has_messages());
}

TEST_F(MailboxRequests, Append) {
    start();
    MailboxWorker worker = opened();
    AppendMessages request = append(inbox, 2);
    request.messages[1].flags = kFlagDraft;
    request.messages[1].keywords = {"Work", "$Forwarded"};
    MailboxReply reply = worker.ask(request);
    ASSERT_TRUE(reply.ok()) << reply.text;
    EXPECT_EQ(reply.uids, (UidSet{{1, 2}}));
    expect_same(inbox);
    const auto mailbox = edge->view().mailbox(inbox);
    const MailboxEntry& entry = *mailbox->find(2);
    EXPECT_EQ(entry.blob, request.messages[1].blob);
    EXPECT_EQ(entry.internal_date_s, 1'700'000'000);
    const Bytes summary = mailbox->summary(entry);
    EXPECT_EQ(std::string(summary.begin(), summary.end()), "sum");

    AppendMessages replacing = append(inbox);
    replacing.replaced_mailbox_id = inbox;
    replacing.replaced_uid = 1;
    reply = worker.ask(replacing);
    ASSERT_TRUE(reply.ok()) << reply.text;
    EXPECT_EQ(reply.uids, (UidSet{{3, 3}}));
    expect_same(inbox);
    EXPECT_EQ(edge->view().mailbox(inbox)->find(1), nullptr);

    must(database, "UPDATE gatepost.accounts SET quota_messages = 3 WHERE id = 1");
    EXPECT_EQ(worker.ask(append(inbox, 2)).outcome, MailboxOutcome::over_quota);
    EXPECT_TRUE(edge->service().status().connected) << "it is not the disk that is full";
    expect_same(inbox);
}

TEST_F(MailboxRequests, KeywordsHaveALimit) {
    start();
    deliver(database, 1, 2);
    MailboxWorker worker = opened();
    std::vector<std::string> keywords;
    for (size_t i = 0; i < kKeywordsMax; ++i) keywords.push_back("k" + std::to_string(i));
    ASSERT_TRUE(worker.ask(store(inbox, {{1, 1}}, FlagAction::add, 0, keywords)).ok());
    EXPECT_EQ(worker.ask(store(inbox, {{2, 2}}, FlagAction::add, 0, {"one-more"})).outcome,
              MailboxOutcome::limit);
    EXPECT_TRUE(worker.ask(store(inbox, {{2, 2}}, FlagAction::add, 0, {"K7"})).ok());
    expect_same(inbox);
}

// What comes while a transaction waits is one; what fails in it spoils only itself.
TEST_F(MailboxRequests, AreCommittedTogether) {
    start();
    deliver(database, 1, 100);
    MailboxWorker worker = opened();
    MailboxWorker other = connect(1);
    must(database,
         fmt::format("BEGIN; SELECT FROM gatepost.mailboxes WHERE id = {} FOR UPDATE", inbox));
    const uint64_t first = worker.send(store(inbox, {{1, 1}}, FlagAction::add, kFlagSeen));
    Connection observer = Connection::open(dsn, "observer").value();
    ASSERT_TRUE(eventually([&] {
        return value(observer,
                     "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
                     "application_name = 'gatepost mailbox changes'") == "1";
    }));
    std::vector<uint64_t> good;
    for (uint32_t uid = 2; uid <= 100; ++uid)
        good.push_back(other.send(store(inbox, {{uid, uid}}, FlagAction::add, kFlagSeen)));
    const uint64_t bad = other.send(ExpungeMessages{999'999, {{1, 1}}, false});
    const uint64_t gone = other.send(DeleteMailbox{999'999});
    const uint64_t made = other.send(CreateMailbox{1, "Made", SpecialUse::none});
    ASSERT_TRUE(eventually([&] { return edge->service().status().waiting == 102; }));
    must(database, "COMMIT");
    EXPECT_TRUE(worker.receive(first).ok());
    for (const uint64_t sequence : good) EXPECT_TRUE(other.receive(sequence).ok());
    EXPECT_EQ(other.receive(bad).outcome, MailboxOutcome::not_found);
    EXPECT_EQ(other.receive(gone).outcome, MailboxOutcome::not_found);
    EXPECT_TRUE(other.receive(made).ok());
    expect_same(inbox);
    const MailboxServiceStatus status = edge->service().status();
    EXPECT_EQ(status.largest_batch, 102u);
    EXPECT_EQ(status.repeats, 1u);
}

// Messages that several append at the same time are one statement: each is told of its own, and one
// that finds no room does not spoil it for the others.
TEST_F(MailboxRequests, AppendedTogether) {
    options.lock_wait = std::chrono::seconds(30);
    start();
    deliver(database, 1, 3);
    const uint64_t full = mailbox_id(database, 2, "INBOX");
    must(database, "UPDATE gatepost.accounts SET quota_messages = 1 WHERE id = 2");
    MailboxWorker worker = opened();
    MailboxWorker other = connect(1);
    Connection observer = Connection::open(dsn, "observer").value();
    // A transaction is under way, and waits.
    const auto block = [&](FlagAction action) {
        must(database,
             fmt::format("BEGIN; SELECT FROM gatepost.mailboxes WHERE id = {} FOR UPDATE", inbox));
        const uint64_t sequence = worker.send(store(inbox, {{1, 1}}, action, kFlagSeen));
        EXPECT_TRUE(eventually([&] {
            return value(observer,
                         "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
                         "application_name = 'gatepost mailbox changes'") == "1";
        }));
        return sequence;
    };
    const uint64_t first = block(FlagAction::add);
    const uint64_t two = worker.send(append(inbox, 2));
    const uint64_t one = other.send(append(inbox, 1));
    const uint64_t flags = other.send(store(inbox, {{2, 2}}, FlagAction::add, kFlagSeen));
    ASSERT_TRUE(eventually([&] { return edge->service().status().waiting == 3; }));
    must(database, "COMMIT");
    EXPECT_TRUE(worker.receive(first).ok());
    const MailboxReply of_two = worker.receive(two);
    const MailboxReply of_one = other.receive(one);
    ASSERT_EQ(of_two.uids.size(), 1u) << of_two.text;
    ASSERT_EQ(of_one.uids.size(), 1u) << of_one.text;
    EXPECT_EQ(of_two.uids[0].last, of_two.uids[0].first + 1);
    EXPECT_EQ(of_one.uids[0].first, of_two.uids[0].first == 4 ? 6u : 4u);
    EXPECT_TRUE(other.receive(flags).ok());
    expect_same(inbox);

    const uint64_t again = block(FlagAction::remove);
    const uint64_t refused = worker.send(append(full, 2));
    const uint64_t taken = other.send(append(inbox, 1));
    ASSERT_TRUE(eventually([&] { return edge->service().status().waiting == 2; }));
    must(database, "COMMIT");
    EXPECT_TRUE(worker.receive(again).ok());
    EXPECT_EQ(worker.receive(refused).outcome, MailboxOutcome::over_quota);
    EXPECT_TRUE(other.receive(taken).ok());
    expect_same(inbox);
}

// The server dies without a word while a transaction is under way: it may have been committed.
TEST_F(MailboxRequests, ACommitThatNobodyTellsOf) {
    options.lock_wait = std::chrono::seconds(30);
    start();
    deliver(database, 1, 3);
    MailboxWorker worker = opened();
    Connection observer = Connection::open(dsn, "observer").value();
    const std::string waiting =
        "pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'gatepost mailbox "
        "changes'";
    // Waits for a lock when it returns.
    const auto begin_change = [&] {
        must(database,
             fmt::format("BEGIN; SELECT FROM gatepost.mailboxes WHERE id = {} FOR UPDATE", inbox));
        const uint64_t sequence = worker.send(store(inbox, {{1, 1}}, FlagAction::add, kFlagSeen));
        EXPECT_TRUE(
            eventually([&] { return value(observer, "SELECT count(*) FROM " + waiting) == "1"; }));
        return sequence;
    };
    const auto is_served = [&] {
        return worker.ask(store(inbox, {{2, 2}}, FlagAction::add, kFlagSeen)).ok();
    };
    // One that the server ends with an error has changed nothing.
    const uint64_t first = begin_change();
    must(observer, "SELECT pg_terminate_backend(pid) FROM " + waiting);
    EXPECT_EQ(worker.receive(first).outcome, MailboxOutcome::unavailable);
    must(database, "COMMIT");
    ASSERT_TRUE(eventually(is_served));
    const uint64_t second = begin_change();
    ASSERT_EQ(::kill(std::stoi(value(observer, "SELECT pid FROM " + waiting)), SIGKILL), 0);
    EXPECT_EQ(worker.receive(second).outcome, MailboxOutcome::unknown);
    // The server begins anew, with all of its connections.
    EXPECT_TRUE(eventually([&] { return Connection::open(dsn, "observer").has_value(); }));
    EXPECT_TRUE(eventually(is_served));
}

// A mailbox that comes into memory while it is being changed, from a state before: a message that
// is added in one transaction with flags of another mailbox is not taken for flags.
TEST_F(MailboxRequests, OpenedWhileAMessageIsAdded) {
    options.lock_wait = std::chrono::seconds(30);
    start(2, false);
    deliver(database, 1, 3);
    const uint64_t archive = mailbox_id(database, 1, "Archive");
    const uint64_t trash = mailbox_id(database, 1, "Trash");
    MailboxWorker worker = connect();
    Connection observer = Connection::open(dsn, "observer").value();
    Connection second = Connection::open(dsn, "second").value();
    const auto lock = [](Connection& by, uint64_t id) {
        must(by, fmt::format("BEGIN; SELECT FROM gatepost.mailboxes WHERE id = {} FOR UPDATE", id));
    };
    const auto waits_for = [&](Connection& holder) {
        const std::string pid = value(holder, "SELECT pg_backend_pid()");
        return eventually([&] {
            return value(observer, fmt::format("SELECT count(*) FROM pg_stat_activity WHERE {} = "
                                               "ANY (pg_blocking_pids(pid))",
                                               pid)) == "1";
        });
    };
    lock(database, trash);
    lock(second, inbox);
    const uint64_t first = worker.send(store(trash, {{1, 1}}, FlagAction::add, kFlagSeen));
    ASSERT_TRUE(waits_for(database));
    const uint64_t added = worker.send(append(inbox));
    const uint64_t stored = worker.send(store(archive, {{1, 1}}, FlagAction::add, kFlagSeen));
    ASSERT_TRUE(eventually([&] { return edge->service().status().waiting == 2; }));
    must(database, "COMMIT");
    ASSERT_TRUE(waits_for(second));
    ASSERT_TRUE(worker.ask(OpenMailbox{inbox}).ok());
    must(second, "COMMIT");
    EXPECT_TRUE(worker.receive(first).ok());
    EXPECT_TRUE(worker.receive(added).ok());
    EXPECT_TRUE(worker.receive(stored).ok());
    EXPECT_EQ(edge->service().status().largest_batch, 2u);
    expect_same(inbox);
}

TEST_F(MailboxRequests, NotesThatNobodyAskedFor) {
    start();
    MailboxWorker worker = opened();
    storage::MailboxNote note;
    note.number = 77;
    worker.send(note);
    EXPECT_TRUE(worker.ask(OpenMailbox{inbox}).ok()) << "the connection goes on";
}

}  // namespace
}  // namespace gatepost::controlplane
