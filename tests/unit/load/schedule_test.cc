#include "tools/load/engine/schedule.h"

#include <gtest/gtest.h>

namespace gatepost::tools {
namespace {

constexpr uint64_t kStart = 5'000'000'000;
constexpr uint64_t kUs = 1000;
constexpr uint64_t kMillisecondNs = 1'000'000;

TEST(Schedule, SlowRatesGoOneByOne) {
    Schedule schedule(1000, 64, kStart);
    EXPECT_EQ(schedule.batch(), 1u);
    EXPECT_EQ(schedule.due(kStart), 0u);
    EXPECT_EQ(schedule.due(kStart + 999 * kUs), 0u);
    EXPECT_EQ(schedule.next_ns(), kStart + kMillisecondNs);
    EXPECT_EQ(schedule.due(kStart + kMillisecondNs), 1u);
    schedule.sent(1, kStart + kMillisecondNs);
    EXPECT_EQ(schedule.due(kStart + kMillisecondNs), 0u);
    EXPECT_EQ(schedule.next_ns(), kStart + 2 * kMillisecondNs);
}

TEST(Schedule, FastRatesWaitForABatch) {
    Schedule schedule(1'000'000, 64, kStart);
    EXPECT_EQ(schedule.batch(), 50u);  // 50 us' worth
    EXPECT_EQ(schedule.due(kStart + 49 * kUs), 0u);
    EXPECT_EQ(schedule.due(kStart + 50 * kUs), 50u);
    EXPECT_EQ(Schedule(100'000'000, 64, kStart).batch(), 64u);
}

TEST(Schedule, SendsWhatTheRateSaysWhateverTheClockSteps) {
    for (uint64_t rate : {1ull, 7ull, 999ull, 123'457ull, 3'000'001ull}) {
        Schedule schedule(rate, 64, kStart);
        uint64_t sent = 0;
        for (uint64_t now = kStart; now <= kStart + 1000 * kMillisecondNs; now += 13'337) {
            uint64_t due = schedule.due(now);
            schedule.sent(due, now);
            sent += due;
        }
        EXPECT_GE(sent + schedule.batch(), rate - rate / 10'000) << rate;
        EXPECT_LE(sent, rate);
        EXPECT_EQ(schedule.unsent(), 0u);
        EXPECT_EQ(schedule.late(), 0u);
    }
}

TEST(Schedule, ASmallDelayIsCaughtUpAndCounted) {
    Schedule schedule(1'000'000, 64, kStart);
    uint64_t now = kStart + 11 * kMillisecondNs;
    uint64_t due = schedule.due(now);
    EXPECT_EQ(due, 11'000u);
    schedule.sent(due, now);
    EXPECT_EQ(schedule.late(), 10'000u);  // all but those of the last millisecond
    EXPECT_EQ(schedule.unsent(), 0u);
    EXPECT_EQ(schedule.due(now), 0u);
}

TEST(Schedule, CatchingUpIsBounded) {
    Schedule schedule(1'000'000, 64, kStart);
    uint64_t now = kStart + 120 * kMillisecondNs;
    EXPECT_EQ(schedule.due(now), 20'000u);
    EXPECT_EQ(schedule.unsent(), 100'000u);
    // What is given up is not sent later.
    schedule.sent(20'000, now);
    EXPECT_EQ(schedule.due(now), 0u);
    EXPECT_EQ(schedule.due(now + kMillisecondNs), 1000u);
    EXPECT_EQ(schedule.unsent(), 100'000u);
}

TEST(Schedule, WhatTheDeviceDidNotTakeStaysDue) {
    Schedule schedule(1'000'000, 64, kStart);
    uint64_t now = kStart + 100 * kUs;
    EXPECT_EQ(schedule.due(now), 100u);
    schedule.sent(30, now);
    EXPECT_EQ(schedule.due(now), 70u);
}

TEST(Schedule, DaysAtFullRateDoNotOverflow) {
    Schedule schedule(100'000'000, 64, kStart);
    uint64_t days = 7 * 86'400'000 * kMillisecondNs;
    schedule.due(kStart + days);
    EXPECT_EQ(schedule.unsent(), 100'000 * (7 * 86'400'000 - 20ull));
}

}  // namespace
}  // namespace gatepost::tools
