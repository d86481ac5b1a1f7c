// Ids that are looked at again, at times that the tests give.
#include "controlplane/mailboxes/later_looks.h"

#include <gtest/gtest.h>

namespace gatepost::controlplane {
namespace {

using std::chrono::milliseconds;
using Ids = std::vector<uint64_t>;
using Clock = LaterLooks::Clock;

constexpr std::array<milliseconds, 2> kTwoLooks = {milliseconds(100), milliseconds(1000)};
// A multiple of LaterLooks::kTogether.
constexpr Clock::time_point kBegin{std::chrono::hours(1)};

TEST(LaterLooks, EachIsAfterItsDelay) {
    LaterLooks looks(kTwoLooks);
    EXPECT_EQ(looks.due(), std::nullopt);
    looks.add(7, kBegin);
    EXPECT_EQ(looks.due(), kBegin + milliseconds(100));
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(99)), Ids());
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(100)), Ids({7}));
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(100)), Ids());
    EXPECT_EQ(looks.due(), kBegin + milliseconds(1100));
    // Later than it was due, once.
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(9000)), Ids({7}));
    EXPECT_EQ(looks.due(), std::nullopt);
    EXPECT_EQ(looks.take_due(kBegin + std::chrono::hours(1)), Ids());
}

// What waits already takes no look away from it.
TEST(LaterLooks, OneThatJoinsLaterHasAllItsLooks) {
    LaterLooks looks(kTwoLooks);
    looks.add(1, kBegin);
    looks.add(2, kBegin + milliseconds(99));
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(100)), Ids({1}));
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(198)), Ids());
    EXPECT_EQ(looks.due(), kBegin + milliseconds(200));
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(200)), Ids({2}));
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(1100)), Ids({1}));
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(1199)), Ids());
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(1200)), Ids({2}));
    EXPECT_EQ(looks.due(), std::nullopt);
}

TEST(LaterLooks, TheyBeginAgain) {
    LaterLooks looks(kTwoLooks);
    looks.add(1, kBegin);
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(100)), Ids({1}));
    looks.add(1, kBegin + milliseconds(500));
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(600)), Ids({1}));
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(1100)), Ids()) << "of the first time";
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(1600)), Ids({1}));
    EXPECT_EQ(looks.due(), std::nullopt);
}

TEST(LaterLooks, WhatIsDueTogetherIsTakenTogether) {
    LaterLooks looks(kTwoLooks);
    for (uint64_t id = 1; id <= 49; ++id) looks.add(id, kBegin + milliseconds(id));
    EXPECT_EQ(looks.due(), kBegin + milliseconds(150));
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(149)), Ids());
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(150)).size(), 49u);
    EXPECT_EQ(looks.take_due(kBegin + milliseconds(1150)).size(), 49u);
}

TEST(LaterLooks, TheEarlierTime) {
    const auto later = kBegin + milliseconds(1);
    EXPECT_EQ(earlier(std::nullopt, std::nullopt), std::nullopt);
    EXPECT_EQ(earlier(kBegin, std::nullopt), kBegin);
    EXPECT_EQ(earlier(std::nullopt, kBegin), kBegin);
    EXPECT_EQ(earlier(later, kBegin), kBegin);
}

}  // namespace
}  // namespace gatepost::controlplane
