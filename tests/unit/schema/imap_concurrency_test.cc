// Counters, modseqs and UIDs hold whatever happens, and whoever else is at work (013, 014).
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "tests/unit/schema/imap_rig.h"

namespace gatepost::controlplane {
namespace {

// A change of some mailbox of two accounts (1 to 12), taken at random.
std::string random_change(std::mt19937& random) {
    const auto below = [&](int n) { return std::uniform_int_distribution(0, n - 1)(random); };
    const int mailbox = 1 + below(12);
    const int target = 1 + below(12);
    const int first = 1 + below(30);
    const int last = first + below(6);
    switch (below(10)) {
        case 0:
        case 1:
            return fmt::format("SELECT deliver_to({}, {}, '')", 1 + below(2), 1 + below(5));
        case 2:
        case 3:
            return fmt::format(
                "SELECT gatepost.store_flags('{{{0},{1},{0}}}', '{{{2},0,{3}}}', "
                "'{{{4},{5},{6}}}', "
                "'{{k{7},\"\",K{7} z}}', '{{NULL,NULL,{8}}}', '{{1,2,3}}', '{{{9},{9},{10}}}', "
                "'{{{10},{10},{11}}}')",
                mailbox, target, below(3), below(3), below(32), below(32), below(32), below(5),
                below(40), first, last, last + 3);
        case 4:
            return fmt::format("SELECT gatepost.expunge_messages({}, '{{{}}}', '{{{}}}', {})",
                               mailbox, first, last, below(3) > 0);
        case 5:
        case 6:
            return fmt::format("SELECT gatepost.copy_messages({}, '{{{}}}', '{{{}}}', {}, {})",
                               mailbox, first, last, target, below(2) == 0);
        case 7:
            return fmt::format(
                "SELECT gatepost.append_messages({}, 0, ARRAY[gen_random_uuid()], '{{1}}', "
                "'{{2}}', "
                "'{{{}}}', ARRAY[now()], '{{{}}}', '{{k}}', '{{\"\"}}', '{{m}}', '{{s}}', '{{f}}', "
                "{}, {})",
                mailbox, below(1000), below(32), below(2) == 0 ? 0 : target, first);
        case 8:
            return fmt::format(
                "UPDATE gatepost.messages SET flags = {}, keywords = '{{own{}}}' WHERE "
                "mailbox_id IN ({}, {}) AND uid BETWEEN {} AND {}",
                below(32), below(3), mailbox, target, first, last);
        default:
            return fmt::format(
                "DELETE FROM gatepost.messages WHERE mailbox_id IN ({}, {}) AND uid = {}", mailbox,
                target, first);
    }
}

TEST(ImapCounters, HoldAfterAnySequenceOfChanges) {
    Connection connection = imap_database();
    std::mt19937 random(6);  // the same sequence each time
    int refused = 0;
    for (int step = 0; step < 600; ++step) {
        const std::string change = random_change(random);
        const std::string state = state_of(connection, change);
        ASSERT_TRUE(state == "none" || state == "40001") << state << "\n" << change;
        refused += state != "none";
        if (step % 20 == 0) {
            ASSERT_EQ(wrong_counters(connection), "") << change;
        }
    }
    EXPECT_EQ(wrong_counters(connection), "");
    EXPECT_LT(refused, 100);
    EXPECT_EQ(
        value(connection, "SELECT count(*) > 20 FROM gatepost.messages WHERE keywords IS NOT NULL"),
        "t");
}

// Several at once on the same mailboxes, in all orders: they wait for one another, and no two wait
// in a circle.
TEST(ImapLocks, AreTakenInOneOrder) {
    std::string dsn;
    Connection connection = imap_database(2, &dsn);
    must(connection,
         "ALTER DATABASE " +
             connection.quote_identifier(value(connection, "SELECT current_database()")) +
             " SET deadlock_timeout = '10ms'");
    constexpr int kThreads = 4;
    std::atomic<int> deadlocks{0};
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
        threads.emplace_back([&, thread] {
            auto mine = Connection::open(dsn, "schema_test");
            if (!mine) return;
            std::mt19937 random(static_cast<unsigned>(thread));
            for (int step = 0; step < 150; ++step) {
                const std::string change = random_change(random);
                if (!change.starts_with("SELECT")) continue;  // takes its locks late
                const auto result =
                    mine->exec("SELECT sqlstate_of(" + mine->quote_literal(change) + ")");
                if (!result) return;
                if (result->view(0, 0) == "40P01") ++deadlocks;
                ++done;
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(deadlocks, 0);
    EXPECT_GT(done, kThreads * 100);
    EXPECT_EQ(wrong_counters(connection), "");
}

// Whoever reads up to the modseq of a mailbox has seen all changes up to it.
TEST(ImapLocks, AModseqIsVisibleBeforeTheNext) {
    std::string dsn;
    Connection first = imap_database(2, &dsn);
    auto second = Connection::open(dsn, "schema_test");
    ASSERT_TRUE(second);
    const std::string store =
        "SELECT gatepost.store_flags('{{1}}', '{{0}}', '{{1}}', '{{\"\"}}', '{{NULL}}', '{{1}}', "
        "'{{{0}}}', '{{{0}}}')";
    must(first, "BEGIN");
    must(first, fmt::format(fmt::runtime(store), 1));
    must(*second, "SET lock_timeout = '50ms'");
    EXPECT_EQ(state_of(*second, fmt::format(fmt::runtime(store), 2)), "55P03")
        << "it would have the same modseq, or a later one that is seen sooner";
    must(first, "COMMIT");
    EXPECT_EQ(state_of(*second, fmt::format(fmt::runtime(store), 2)), "none");
    EXPECT_EQ(rows_of(first,
                      "SELECT uid, modseq FROM gatepost.messages WHERE mailbox_id = 1 AND uid < 3"),
              "1 3, 2 4");
    // Other mailboxes do not wait.
    must(first, "BEGIN");
    must(first, fmt::format(fmt::runtime(store), 3));
    EXPECT_EQ(state_of(*second, "SELECT gatepost.expunge_messages(7, '{1}', '{1}', false)"),
              "none");
    must(first, "COMMIT");
}

}  // namespace
}  // namespace gatepost::controlplane
