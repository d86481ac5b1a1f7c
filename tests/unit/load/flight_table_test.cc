#include "tools/load/engine/flight_table.h"

#include <gtest/gtest.h>

#include <set>

namespace gatepost::tools {
namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;

std::vector<Outgoing> send(FlightTable& table, size_t count, uint64_t now, uint32_t query = 0) {
    std::vector<Outgoing> out(count);
    table.plan(out);
    for (Outgoing& one : out) one.query = query++;
    table.sent(out, now);
    return out;
}

TEST(FlightTable, EveryFlowAndIdOnceBeforeAnyAgain) {
    for (unsigned block : {1u, 4u}) {
        FlightTable table(3, block, 30, 0x5a5a);
        ASSERT_GE(table.capacity(), 30u);
        std::set<std::pair<uint32_t, uint16_t>> seen;
        for (uint64_t i = 0; i < table.capacity(); ++i) {
            Outgoing one = send(table, 1, 1)[0];
            EXPECT_TRUE(seen.emplace(one.flow, one.id).second);
        }
        EXPECT_EQ(seen.size(), table.capacity());
        Outgoing again = send(table, 1, 1)[0];
        EXPECT_EQ(seen.count({again.flow, again.id}), 1u);
    }
}

TEST(FlightTable, BlocksShareAFlow) {
    FlightTable table(2, 4, 100, 0);
    std::vector<Outgoing> out = send(table, 16, 1);
    for (size_t i = 0; i < out.size(); ++i) {
        EXPECT_EQ(out[i].flow, i / 4 % 2);
        EXPECT_EQ(out[i].id, i % 4 + i / 8 * 4);
    }
}

TEST(FlightTable, FindsWhatIsOnItsWayAndNothingElse) {
    FlightTable table(4, 1, 1000, 0x1234);
    std::vector<Outgoing> out = send(table, 10, 77, 500);
    for (const Outgoing& one : out) {
        auto found = table.find(one.flow, one.id);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->query, one.query);
        EXPECT_EQ(found->sent_ns, 77u);
    }
    std::vector<Outgoing> next(1);
    table.plan(next);
    EXPECT_FALSE(table.find(next[0].flow, next[0].id));
    EXPECT_FALSE(table.find(4, out[0].id));           // no such flow
    EXPECT_FALSE(table.find(0, out[0].id ^ 0xffff));  // an id behind the table
    table.close(out[3].flow, out[3].id);
    EXPECT_FALSE(table.find(out[3].flow, out[3].id));
    EXPECT_EQ(table.in_flight(), 9u);
}

TEST(FlightTable, GivesUpAfterTheTimeout) {
    FlightTable table(2, 1, 1000, 0);
    std::vector<Outgoing> first = send(table, 3, kSecondNs);
    std::vector<Outgoing> second = send(table, 2, kSecondNs + 500);
    table.close(first[1].flow, first[1].id);
    table.expire(2 * kSecondNs - 1);
    EXPECT_EQ(table.lost(), 0u);
    EXPECT_EQ(table.next_expiry_ns(), 2 * kSecondNs);
    table.expire(2 * kSecondNs);
    EXPECT_EQ(table.lost(), 2u);
    EXPECT_EQ(table.in_flight(), 2u);
    EXPECT_FALSE(table.find(first[0].flow, first[0].id));
    EXPECT_TRUE(table.find(second[0].flow, second[0].id));
    table.expire(3 * kSecondNs);
    EXPECT_EQ(table.lost(), 4u);
    EXPECT_EQ(table.in_flight(), 0u);
    EXPECT_FALSE(table.next_expiry_ns());
}

TEST(FlightTable, TheOldestGivesWayWhenAllIdsAreInUse) {
    FlightTable table(1, 1, 1'000'000, 0);
    ASSERT_EQ(table.capacity(), 65'536u);  // there are no more ids
    Outgoing first = send(table, 1, 1, 9)[0];
    for (int i = 0; i < 65'535; ++i) send(table, 1, 2, 1);
    EXPECT_EQ(table.lost(), 0u);
    EXPECT_EQ(table.find(first.flow, first.id)->query, 9u);
    send(table, 1, 3, 42);
    EXPECT_EQ(table.lost(), 1u);
    EXPECT_EQ(table.in_flight(), 65'536u);
    EXPECT_EQ(table.find(first.flow, first.id)->query, 42u);
}

TEST(FlightTable, AccountsForAllOverManyRounds) {
    FlightTable table(3, 2, 64, 0xffff);
    uint64_t sent = 0;
    uint64_t answered = 0;
    uint64_t now = 1;
    for (int round = 0; round < 1000; ++round) {
        std::vector<Outgoing> out = send(table, 7, now, static_cast<uint32_t>(round));
        sent += out.size();
        for (size_t i = 0; i < out.size(); i += 2) {
            table.close(out[i].flow, out[i].id);
            ++answered;
        }
        now += kSecondNs / 5;
        table.expire(now);
        EXPECT_EQ(sent, answered + table.lost() + table.in_flight());
    }
    table.expire(now + 2 * kSecondNs);
    EXPECT_EQ(sent, answered + table.lost());
}

}  // namespace
}  // namespace gatepost::tools
