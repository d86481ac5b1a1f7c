// Changes of very many messages, and those of others meanwhile.
#include <fmt/format.h>

#include "controlplane/mailboxes/write_lanes.h"
#include "tests/unit/mailboxes/service_fixture.h"

namespace gatepost::controlplane {

namespace {

using namespace gatepost::storage;

class MailboxLanes : public MailboxServiceTest {
  protected:
    static constexpr int kMany = static_cast<int>(WriteLanes::kBulkMessages) + 1;

    void SetUp() override {
        options.lock_wait = std::chrono::seconds(180);
        start();
        deliver(database, 1, kMany);
        deliver(database, 2, 3);
        inbox_of_other = mailbox_id(database, 2, "INBOX");
        worker.emplace(opened());
        EXPECT_TRUE(worker->ask(OpenAccount{2}).ok());
        EXPECT_TRUE(worker->ask(OpenMailbox{inbox_of_other}).ok());
        const MailboxReply made = worker->ask(CreateMailbox{1, "Copies", SpecialUse::none});
        ASSERT_TRUE(made.ok()) << made.text;
        copies = made.mailbox_id;
    }

    // The first account's lock is somebody else's until "COMMIT".
    void lock_account() {
        must(database, "BEGIN; SELECT FROM gatepost.account_usage WHERE account_id = 1 FOR UPDATE");
    }
    bool waits_for_lock(const char* link) {
        Connection observer = Connection::open(dsn, "observer").value();
        return eventually([&] {
            return value(observer, fmt::format("SELECT count(*) FROM pg_stat_activity WHERE "
                                               "wait_event_type = 'Lock' AND "
                                               "application_name = 'gatepost mailbox {}'",
                                               link)) == "1";
        });
    }

    std::optional<MailboxWorker> worker;
    uint64_t inbox_of_other = 0;
    uint64_t copies = 0;
};

TEST_F(MailboxLanes, NobodyWaitsForSomebodyElsesLargeCopy) {
    lock_account();
    const uint64_t copy = worker->send(CopyMessages{inbox, {{1, kMany}}, copies});
    ASSERT_TRUE(waits_for_lock("bulk changes"));
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(worker
                        ->ask(store(inbox_of_other, {{1, 3}}, FlagAction::replace,
                                    i % 2 == 0 ? kFlagSeen : kFlagFlagged))
                        .ok());
    expect_same(inbox_of_other);
    must(database, "COMMIT");
    const MailboxReply reply = worker->receive(copy);
    ASSERT_TRUE(reply.ok()) << reply.text;
    EXPECT_EQ(reply.uids, (UidSet{{1, kMany}}));
    EXPECT_EQ(edge->service().status().bulk_requests, 1U);
    EXPECT_TRUE(worker->ask(OpenMailbox{copies}).ok());
    expect_same(copies);
}

// What is about the same account would wait for its lock, and all others of its batch with it.
TEST_F(MailboxLanes, TheSameAccountGoesBehindIt) {
    lock_account();
    const uint64_t copy = worker->send(CopyMessages{inbox, {{1, kMany}}, copies});
    ASSERT_TRUE(waits_for_lock("bulk changes"));
    const uint64_t append_here = worker->send(append(copies));
    const uint64_t made = worker->send(CreateMailbox{1, "More", SpecialUse::none});
    ASSERT_TRUE(eventually([&] { return edge->service().status().waiting == 2; }));
    EXPECT_TRUE(worker->ask(append(inbox_of_other)).ok());
    must(database, "COMMIT");
    EXPECT_TRUE(worker->receive(copy).ok());
    const MailboxReply appended = worker->receive(append_here);
    ASSERT_TRUE(appended.ok()) << appended.text;
    EXPECT_EQ(appended.uids, (UidSet{{kMany + 1, kMany + 1}}));
    EXPECT_TRUE(worker->receive(made).ok());
    EXPECT_EQ(edge->service().status().bulk_requests, 1U);
    EXPECT_TRUE(worker->ask(OpenMailbox{copies}).ok());
    expect_same(inbox);
    expect_same(copies);
}

// Otherwise the batch behind it would wait for the account's lock.
TEST_F(MailboxLanes, ALargeOneWaitsForWhatIsUnderWayInItsAccount) {
    lock_account();
    const uint64_t first = worker->send(append(copies));
    ASSERT_TRUE(waits_for_lock("changes"));
    const uint64_t copy = worker->send(CopyMessages{inbox, {{1, kMany}}, copies});
    ASSERT_TRUE(eventually([&] { return edge->service().status().waiting == 1; }));
    EXPECT_EQ(edge->service().status().bulk_requests, 0U);
    must(database, "COMMIT");
    EXPECT_TRUE(worker->receive(first).ok());
    EXPECT_TRUE(worker->receive(copy).ok());
    EXPECT_EQ(edge->service().status().bulk_requests, 1U);
}

// Who waits for the lane has the other one meanwhile.
TEST_F(MailboxLanes, SmallOnesPassALargeOneThatIsNotNext) {
    deliver(database, 2, kMany);
    ASSERT_TRUE(edge->shows(inbox_of_other, messages_in_database(database, inbox_of_other)));
    lock_account();
    const uint64_t copy = worker->send(CopyMessages{inbox, {{1, kMany}}, copies});
    ASSERT_TRUE(waits_for_lock("bulk changes"));
    const uint64_t large =
        worker->send(store(inbox_of_other, {{1, kMany}}, FlagAction::add, kFlagSeen));
    const uint64_t large_here =
        worker->send(store(inbox, {{1, kMany}}, FlagAction::add, kFlagSeen));
    ASSERT_TRUE(eventually([&] { return edge->service().status().waiting == 2; }));
    EXPECT_TRUE(worker->ask(store(inbox_of_other, {{2, 2}}, FlagAction::add, kFlagFlagged)).ok());
    must(database, "COMMIT");
    for (const uint64_t sequence : {copy, large, large_here})
        EXPECT_TRUE(worker->receive(sequence).ok());
    EXPECT_EQ(edge->service().status().bulk_requests, 3U);
    expect_same(inbox);
    expect_same(inbox_of_other);
}

// Nothing else comes that would wake the service.
TEST_F(MailboxLanes, ALargeOneWhoseWorkerIsGoneHoldsUpNobody) {
    lock_account();
    const uint64_t copy = worker->send(CopyMessages{inbox, {{1, kMany}}, copies});
    ASSERT_TRUE(waits_for_lock("bulk changes"));
    {
        MailboxWorker other = connect(1);
        other.send(store(inbox, {{1, kMany}}, FlagAction::add, kFlagFlagged));
        ASSERT_TRUE(eventually([&] { return edge->service().status().waiting == 1; }));
    }
    const uint64_t small = worker->send(store(inbox, {{1, 1}}, FlagAction::add, kFlagSeen));
    const uint64_t large = worker->send(store(inbox, {{1, kMany}}, FlagAction::add, kFlagSeen));
    ASSERT_TRUE(eventually([&] {
        const MailboxServiceStatus status = edge->service().status();
        return status.waiting == 3 && status.workers == 1;
    }));
    must(database, "COMMIT");
    for (const uint64_t sequence : {copy, small, large})
        EXPECT_TRUE(worker->receive(sequence).ok());
    EXPECT_EQ(value(database, fmt::format("SELECT count(*) FROM gatepost.messages WHERE mailbox_id "
                                          "= {} AND flags & {} <> 0",
                                          inbox, int{kFlagFlagged})),
              "0");
    expect_same(inbox);
}

TEST_F(MailboxLanes, AreOfTheSizeOfWhatIsThere) {
    // An expunge of all is as large as what is marked.
    EXPECT_TRUE(worker->ask(store(inbox, {{5, 6}}, FlagAction::add, kFlagDeleted)).ok());
    EXPECT_TRUE(worker->ask(ExpungeMessages{inbox, {}, true}).ok());
    EXPECT_TRUE(worker->ask(ExpungeMessages{inbox, {{1, 20}}, true}).ok());
    EXPECT_EQ(edge->service().status().bulk_requests, 0U);
    EXPECT_TRUE(worker->ask(store(inbox, {{1, kMany + 2}}, FlagAction::add, kFlagDeleted)).ok());
    EXPECT_EQ(edge->service().status().bulk_requests, 1U);
    deliver(database, 1, 3);
    ASSERT_TRUE(edge->shows(inbox, messages_in_database(database, inbox)));
    EXPECT_TRUE(worker->ask(store(inbox, {{1, kMany + 3}}, FlagAction::add, kFlagDeleted)).ok());
    EXPECT_TRUE(worker->ask(ExpungeMessages{inbox, {{1, UINT32_MAX}}, true}).ok());
    EXPECT_EQ(edge->service().status().bulk_requests, 3U);
    expect_same(inbox);
}

}  // namespace

}  // namespace gatepost::controlplane
