#include "controlplane/commit/commit_service.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <set>
#include <thread>

#include "tests/unit/commit/commit_rig.h"

namespace gatepost::controlplane {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using storage::DeliveryOutcome;
using storage::DeliveryReply;

// Waits for what another thread does; false: it has not happened in any reasonable time.
template <typename Condition>
bool eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(60);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

class CommitServiceTest : public testing::Test {
  protected:
    void start(int accounts = 3) {
        database = database_with_accounts(accounts, &dsn);
        service =
            std::make_unique<CommitService>(CommitOptions{.dsn = dsn, .lock_wait = lock_wait});
        ASSERT_TRUE(service->start());
    }
    TestWorker connect(unsigned worker = 0) {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        service->add_connection(worker, UniqueFd(ends[0]));
        return TestWorker(UniqueFd(ends[1]));
    }
    std::string stored() { return value(database, "SELECT count(*) FROM gatepost.messages"); }

    milliseconds lock_wait{60'000};
    std::string dsn;
    Connection database;
    std::unique_ptr<CommitService> service;
};

TEST_F(CommitServiceTest, RepliesAfterTheCommit) {
    start();
    TestWorker worker = connect();
    ASSERT_TRUE(worker.send(request_of(message({to_account(1), to_account(2)}), 41)));
    const DeliveryReply reply = worker.receive();
    EXPECT_EQ(reply.sequence, 41u);
    EXPECT_EQ(reply.outcome, DeliveryOutcome::stored);
    EXPECT_EQ(reply.recipients.size(), 2u);
    EXPECT_EQ(stored(), "2");
    const PendingDelivery again = message({to_account(3)});
    ASSERT_TRUE(worker.send(request_of(again, 42)));
    EXPECT_EQ(worker.receive().outcome, DeliveryOutcome::stored);
    ASSERT_TRUE(worker.send(request_of(again, 43)));
    EXPECT_EQ(worker.receive().outcome, DeliveryOutcome::duplicate);
    EXPECT_TRUE(eventually([&] { return service->status().duplicates == 1; }));
    const CommitStatus status = service->status();
    EXPECT_TRUE(status.connected) << status.error;
    EXPECT_EQ(status.stored, 3u);
    EXPECT_EQ(status.workers, 1u);
    EXPECT_EQ(status.waiting, 0u);
    EXPECT_GT(status.last_commit_at_us, 0);
}

// What comes while a transaction waits is one transaction, of all workers.
TEST_F(CommitServiceTest, GathersWhatComesMeanwhile) {
    start();
    TestWorker first = connect(0);
    TestWorker second = connect(1);
    must(database, "BEGIN; SELECT FROM gatepost.account_usage WHERE account_id = 1 FOR UPDATE");
    ASSERT_TRUE(first.send(request_of(message({to_account(1)}), 1)));
    Connection observer = Connection::open(dsn, "observer").value();
    ASSERT_TRUE(eventually([&] {
        return value(observer,
                     "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = "
                     "'Lock' AND application_name = 'gatepost commit'") == "1";
    }));
    for (uint64_t i = 2; i <= 50; ++i) {
        ASSERT_TRUE(first.send(request_of(message({to_account(1)}), i)));
        ASSERT_TRUE(second.send(request_of(message({to_account(2)}), i)));
    }
    must(database, "COMMIT");
    for (uint64_t i = 1; i <= 50; ++i) EXPECT_EQ(first.receive().sequence, i);
    for (uint64_t i = 2; i <= 50; ++i) EXPECT_EQ(second.receive().sequence, i);
    EXPECT_EQ(stored(), "99");
    EXPECT_TRUE(eventually([&] { return service->status().stored == 99; }));
    EXPECT_EQ(service->status().transactions, 2u);
    EXPECT_EQ(service->status().largest_batch, 98u);
}

// One batch at most is read; the rest stays in the sockets. All is delivered when it is back.
TEST_F(CommitServiceTest, TheDatabaseIsAway) {
    start();
    TestWorker worker = connect();
    ASSERT_TRUE(worker.send(request_of(message({to_account(1)}), 1)));
    EXPECT_EQ(worker.receive().sequence, 1u);
    ASSERT_TRUE(server->postgres().stop());
    constexpr uint64_t kMessages = 300;
    std::thread sender([&] {
        PendingDelivery large = message({to_account(1)});
        large.request.summary.assign(100'000, 7);
        for (uint64_t i = 2; i <= kMessages; ++i) {
            large.envelope.id.low += 1;
            EXPECT_TRUE(worker.send(request_of(large, i)));
        }
    });
    CommitStatus status;
    ASSERT_TRUE(eventually([&] {
        status = service->status();
        return status.waiting_octets >= CommitService::kBatchOctetsMax && !status.connected;
    }));
    EXPECT_NE(status.error, "");
    EXPECT_LE(status.waiting_octets, CommitService::kBatchOctetsMax + 101'000);
    // A worker that goes meanwhile takes its own with it.
    {
        TestWorker gone = connect(1);
        ASSERT_TRUE(eventually([&] { return service->status().workers == 2; }));
    }
    ASSERT_TRUE(eventually([&] { return service->status().workers == 1; }));

    ASSERT_TRUE(server->postgres().restart());
    for (uint64_t i = 2; i <= kMessages; ++i) {
        const DeliveryReply reply = worker.receive();
        ASSERT_EQ(reply.sequence, i);
        ASSERT_EQ(reply.outcome, DeliveryOutcome::stored);
    }
    sender.join();
    database = Connection::open(dsn, "again").value();
    EXPECT_EQ(stored(), std::to_string(kMessages));
    EXPECT_GE(service->status().connects, 2u);
}

TEST_F(CommitServiceTest, OneBadMessageHoldsNoOtherBack) {
    start();
    must(database,
         "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.subject = "
         "'poison' THEN RAISE EXCEPTION 'it is poison'; END IF; RETURN NEW; END $$; CREATE TRIGGER "
         "poison BEFORE INSERT ON gatepost.messages FOR EACH ROW EXECUTE FUNCTION poison()");
    TestWorker worker = connect();
    constexpr uint64_t kMessages = 100;
    for (uint64_t i = 1; i <= kMessages; ++i)
        ASSERT_TRUE(worker.send(request_of(
            message({to_account(1 + i % 3)}, i == 17 || i == 80 ? "poison" : "good"), i)));
    std::set<uint64_t> later;
    for (uint64_t i = 1; i <= kMessages; ++i) {
        const DeliveryReply reply = worker.receive();
        if (reply.outcome == DeliveryOutcome::stored) continue;
        later.insert(reply.sequence);
        EXPECT_EQ(reply.outcome, DeliveryOutcome::retry_later);
        EXPECT_NE(reply.reason.find("it is poison"), std::string::npos) << reply.reason;
    }
    EXPECT_EQ(later, (std::set<uint64_t>{17, 80}));
    EXPECT_EQ(stored(), "98");
    EXPECT_TRUE(eventually([&] { return service->status().refused == 2; }));
    EXPECT_TRUE(service->status().connected) << "it is not the database that is bad";
}

// So does an account that somebody keeps locked.
TEST_F(CommitServiceTest, ALockedAccountHoldsNoOtherBack) {
    lock_wait = milliseconds(10);
    start();
    TestWorker worker = connect();
    must(database, "BEGIN; SELECT FROM gatepost.account_usage WHERE account_id = 2 FOR UPDATE");
    constexpr uint64_t kMessages = 40;
    for (uint64_t i = 1; i <= kMessages; ++i)
        ASSERT_TRUE(worker.send(request_of(message({to_account(i == 9 ? 2 : 1)}), i)));
    for (uint64_t i = 1; i <= kMessages; ++i) {
        const DeliveryReply reply = worker.receive();
        EXPECT_EQ(reply.outcome,
                  reply.sequence == 9 ? DeliveryOutcome::retry_later : DeliveryOutcome::stored);
    }
    must(database, "COMMIT");
    ASSERT_TRUE(worker.send(request_of(message({to_account(2)}), 99)));
    EXPECT_EQ(worker.receive().outcome, DeliveryOutcome::stored);
}

TEST_F(CommitServiceTest, MalformedRequests) {
    start();
    TestWorker worker = connect();
    storage::DeliveryRequest request = request_of(message({to_account(1)}), 7);
    request.envelope.pop_back();
    ASSERT_TRUE(worker.send(request));
    DeliveryReply reply = worker.receive();
    EXPECT_EQ(reply.sequence, 7u);
    EXPECT_EQ(reply.outcome, DeliveryOutcome::retry_later);
    EXPECT_NE(reply.reason, "");
    ASSERT_TRUE(worker.send(request_of(message({to_account(1)}), 8)));
    EXPECT_EQ(worker.receive().outcome, DeliveryOutcome::stored) << "the connection goes on";

    TestWorker other = connect(1);
    const std::vector<uint8_t> garbage(100, 0xee);
    ASSERT_TRUE(other.send(garbage));
    other.receive();
    EXPECT_TRUE(other.is_closed());
    TestWorker replying = connect(1);
    std::vector<uint8_t> reply_frame;
    ASSERT_TRUE(append_frame(reply_frame, DeliveryReply{1, DeliveryOutcome::stored, "", {}}));
    ASSERT_TRUE(replying.send(reply_frame));
    replying.receive();
    EXPECT_TRUE(replying.is_closed());
    ASSERT_TRUE(worker.send(request_of(message({to_account(1)}), 9)));
    EXPECT_EQ(worker.receive().sequence, 9u);
}

TEST_F(CommitServiceTest, ANewConnectionOfAWorkerTakesThePlaceOfTheOld) {
    start();
    TestWorker old = connect(5);
    TestWorker other = connect(6);
    TestWorker next = connect(5);
    old.receive();
    EXPECT_TRUE(old.is_closed());
    ASSERT_TRUE(next.send(request_of(message({to_account(1)}), 1)));
    EXPECT_EQ(next.receive().sequence, 1u);
    ASSERT_TRUE(other.send(request_of(message({to_account(1)}), 1)));
    EXPECT_EQ(other.receive().sequence, 1u);
}

TEST_F(CommitServiceTest, LoginsAreNoted) {
    start();
    must(database, "INSERT INTO gatepost.credentials (account_id, hash) VALUES (1, '{PLAIN}old')");
    TestWorker worker = connect();
    std::vector<uint8_t> frames;
    ASSERT_TRUE(append_frame(frames, storage::LoginNote{1, 1, "{PLAIN}old", "{ARGON2ID}new"}));
    ASSERT_TRUE(append_frame(frames, storage::AuthFailure{"imap", "eve", "::1", "wrong"}));
    ASSERT_TRUE(worker.send(frames));
    EXPECT_TRUE(eventually([&] {
        return value(database, "SELECT hash FROM gatepost.credentials") == "{ARGON2ID}new" &&
               value(database, "SELECT count(*) FROM gatepost.audit_log WHERE actor = 'eve'") ==
                   "1";
    }));
}

// It does not wait for a lock that may be held for long; the message comes again.
TEST_F(CommitServiceTest, StopsWhileTheDatabaseIsBusy) {
    start();
    TestWorker worker = connect();
    must(database, "BEGIN; SELECT FROM gatepost.account_usage WHERE account_id = 1 FOR UPDATE");
    const PendingDelivery pending = message({to_account(1)});
    ASSERT_TRUE(worker.send(request_of(pending, 1)));
    Connection observer = Connection::open(dsn, "observer").value();
    ASSERT_TRUE(eventually([&] {
        return value(observer,
                     "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = "
                     "'Lock' AND application_name = 'gatepost commit'") == "1";
    }));
    service->request_stop();
    EXPECT_TRUE(service->wait_stopped(seconds(30)));
    must(database, "COMMIT");
    service.reset();
    worker.receive();
    EXPECT_TRUE(worker.is_closed());
    service = std::make_unique<CommitService>(CommitOptions{.dsn = dsn});
    ASSERT_TRUE(service->start());
    TestWorker next = connect();
    ASSERT_TRUE(next.send(request_of(pending, 1)));
    EXPECT_NE(next.receive().outcome, DeliveryOutcome::retry_later);
    EXPECT_EQ(stored(), "1");
}

TEST_F(CommitServiceTest, ADatabaseWithoutTheFunctionIsWaitedFor) {
    start();
    must(database, "ALTER FUNCTION gatepost.deliver RENAME TO delivered");
    TestWorker worker = connect();
    ASSERT_TRUE(worker.send(request_of(message({to_account(1)}), 1)));
    ASSERT_TRUE(eventually([&] { return service->status().error != ""; }));
    must(database, "ALTER FUNCTION gatepost.delivered RENAME TO deliver");
    EXPECT_EQ(worker.receive().outcome, DeliveryOutcome::stored);
}

}  // namespace
}  // namespace gatepost::controlplane
