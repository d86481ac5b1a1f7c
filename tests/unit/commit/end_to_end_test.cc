// A worker's courier and the service, with a database that is killed and a service that ends
// whenever it likes: every accepted message is in its mailbox once, and done.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <random>

#include "controlplane/commit/commit_service.h"
#include "tests/unit/commit/commit_rig.h"
#include "tests/unit/delivery/delivery_rig.h"

namespace gatepost::controlplane {
namespace {

// With a patience for locks that no machine is too slow for.
std::unique_ptr<CommitService> make_service(const std::string& dsn, tests::DeliveryRig& rig) {
    auto service = std::make_unique<CommitService>(
        CommitOptions{.dsn = dsn, .lock_wait = std::chrono::seconds(60)});
    EXPECT_TRUE(service->start());
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    service->add_connection(0, UniqueFd(ends[0]));
    rig.courier->take_connection(UniqueFd(ends[1]));
    return service;
}

TEST(EndToEnd, EveryMessageOnce) {
    constexpr int kMessages = 3000;
    constexpr uint64_t kAccounts = 20;
    std::string dsn;
    Connection database = database_with_accounts(static_cast<int>(kAccounts), &dsn);
    std::mt19937 random(7);
    tests::DeliveryRig rig;
    auto service = make_service(dsn, rig);
    int expected = 0;
    for (int i = 0; i < kMessages; ++i) {
        std::vector<storage::EnvelopeRecipient> recipients;
        std::set<uint64_t> accounts;
        for (uint64_t n = 0; n <= random() % 3; ++n) accounts.insert(1 + random() % kAccounts);
        for (const uint64_t account : accounts)
            recipients.push_back(to_account(account, random() % 4 == 0 ? "\\Junk" : ""));
        expected += static_cast<int>(accounts.size());
        rig.accept("message " + std::to_string(i), std::move(recipients));
        rig.turn();
        if (i % 700 == 350) {
            ASSERT_TRUE(server->postgres().kill9());
            ASSERT_TRUE(server->postgres().restart());
        }
        if (i % 500 == 250) service = make_service(dsn, rig);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(100);
    while (!rig.store.messages.empty() && std::chrono::steady_clock::now() < deadline) rig.turn();
    EXPECT_TRUE(rig.store.messages.empty()) << rig.counters.waiting << " are left";
    EXPECT_EQ(rig.counters.delivered + rig.counters.duplicates, static_cast<uint64_t>(kMessages));
    EXPECT_EQ(rig.counters.retried, 0u);
    EXPECT_EQ(rig.store.reads, 0) << "nothing had to be read back";
    for (const auto& [id, count] : rig.store.done_count) EXPECT_EQ(count, 1);

    database = Connection::open(dsn, "again").value();
    EXPECT_EQ(value(database, "SELECT count(*) FROM gatepost.messages"), std::to_string(expected));
    EXPECT_EQ(value(database, "SELECT count(DISTINCT blob_id) FROM gatepost.messages"),
              std::to_string(kMessages));
    EXPECT_EQ(value(database,
                    "SELECT count(*) FROM (SELECT b.uid_next, max(m.uid) AS last, count(*) AS "
                    "messages FROM gatepost.mailboxes b JOIN gatepost.messages m ON m.mailbox_id = "
                    "b.id GROUP BY b.id) AS s WHERE last <> messages OR uid_next <> last + 1"),
              "0");
}

}  // namespace
}  // namespace gatepost::controlplane
