// Loads, and requests about messages.
#include "tests/unit/mailboxes/service_fixture.h"

namespace gatepost::controlplane {
namespace {

using namespace gatepost::storage;

TEST_F(MailboxServiceTest, OpensAccountsAndMailboxes) {
    start();
    deliver(database, 1, 5);
    MailboxWorker worker = edge->connect();
    ASSERT_TRUE(eventually([&] { return edge->service().status().connected; }));
    ASSERT_TRUE(worker.ask(OpenAccount{1}).ok());
    const auto account = edge->view().account(1);
    ASSERT_TRUE(account);
    EXPECT_EQ(account->size(), 6u);
    const auto listed = account->find("inbox");
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->mailbox_id, inbox);
    EXPECT_EQ(account->find("Sent")->special_use, SpecialUse::sent);
    EXPECT_EQ(edge->view().mailbox(inbox)->status().messages, 5u);
    EXPECT_FALSE(edge->view().mailbox(inbox)->has_messages());

    const MailboxReply reply = worker.ask(OpenMailbox{inbox});
    ASSERT_TRUE(reply.ok()) << reply.text;
    EXPECT_EQ(reply.mailbox_id, inbox);
    expect_same(inbox);
    const MailboxEntry entry = *edge->view().mailbox(inbox)->find(2);
    EXPECT_EQ(entry.segment, 3u);
    EXPECT_EQ(entry.offset, 8192u);
    EXPECT_EQ(entry.size, 100u);
    EXPECT_EQ(entry.summary_size, 1u);
    EXPECT_GT(entry.internal_date_s, 1'600'000'000);

    EXPECT_EQ(worker.ask(OpenAccount{99}).outcome, MailboxOutcome::not_found);
    EXPECT_EQ(worker.ask(OpenMailbox{99'999}).outcome, MailboxOutcome::not_found);
}

TEST_F(MailboxServiceTest, SummariesComeAfterwards) {
    start();
    deliver(database, 1, 2500);
    MailboxWorker worker = opened();
    ASSERT_TRUE(worker.ask(LoadSummaries{inbox, 7, 9}).ok());
    const auto summary = [&](uint32_t uid) {
        const auto mailbox = edge->view().mailbox(inbox);
        const Bytes octets = mailbox->summary(*mailbox->find(uid));
        return std::string(octets.begin(), octets.end());
    };
    EXPECT_EQ(summary(8), "8");
    ASSERT_TRUE(worker.ask(LoadSummaries{inbox, 1, 2500}).ok());
    for (uint32_t uid = 1; uid <= 2500; ++uid) ASSERT_EQ(summary(uid), std::to_string(uid));
    // A message that comes later has its own at once.
    deliver(database, 1, 1);
    worker.await_change(inbox);
    EXPECT_EQ(summary(2501), "1");
}

TEST_F(MailboxServiceTest, StoresFlags) {
    start();
    deliver(database, 1, 5);
    MailboxWorker worker = opened();
    MailboxReply reply =
        worker.ask(store(inbox, {{1, 3}, {5, 5}}, FlagAction::add, kFlagSeen, {"$Junk", "Work"}));
    ASSERT_TRUE(reply.ok()) << reply.text;
    EXPECT_EQ(reply.modseq, 3u);
    EXPECT_TRUE(reply.modified.empty());
    expect_same(inbox);
    EXPECT_EQ(edge->view().mailbox(inbox)->find(5)->flags, kFlagSeen);

    StoreFlags conditional = store(inbox, {{1, 5}}, FlagAction::replace, kFlagDeleted);
    conditional.unchanged_since = 2;
    reply = worker.ask(conditional);
    ASSERT_TRUE(reply.ok()) << reply.text;
    EXPECT_EQ(reply.modified, (UidSet{{1, 3}, {5, 5}}));
    expect_same(inbox);
    EXPECT_EQ(worker.ask(store(inbox, {{1, 5}}, FlagAction::remove, kFlagSeen, {"work"})).modseq,
              5u);
    expect_same(inbox);
    EXPECT_EQ(worker.ask(store(99'999, {{1, 1}}, FlagAction::add, kFlagSeen)).outcome,
              MailboxOutcome::not_found);
    worker.await_change(inbox);
    EXPECT_EQ(edge->service().status().gaps, 0u);
}

}  // namespace
}  // namespace gatepost::controlplane
