#include "dataplane/reactor/timer_wheel.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace gatepost::dataplane {
namespace {

constexpr uint64_t kStart = 10'000'000;  // ms
// A deadline is rounded up to a tick, and the clock moves on in ticks.
constexpr uint64_t kLateMax = 2 * TimerWheel::kTickMs;

class TestTimer final : public Timer {
  public:
    explicit TestTimer(std::function<void()> told = {}) : told_(std::move(told)) {}
    int count = 0;

  private:
    void expired() override {
        ++count;
        if (told_) told_();
    }
    std::function<void()> told_;
};

class TimerWheelTest : public testing::Test {
  protected:
    TimerWheelTest() { wheel.advance(kStart); }
    // Turns the wheel as a busy worker does: a little at a time.
    void pass(uint64_t ms) {
        for (uint64_t end = wheel.now_ms() + ms; wheel.now_ms() < end;)
            wheel.advance(wheel.now_ms() + 1);
    }
    TimerWheel wheel;
};

TEST_F(TimerWheelTest, EachExpiresOnceAndInTime) {
    std::vector<uint64_t> order;
    std::deque<TestTimer> timers;
    // Beyond one turn of the wheel (16 s), beyond two, and between ticks.
    const uint64_t deadlines[] = {50, 1, 17, 16, 15, 3000, 16'384, 16'385, 20'000, 50'000};
    for (uint64_t deadline : deadlines) {
        timers.emplace_back([this, deadline, &order] {
            EXPECT_GE(wheel.now_ms(), kStart + deadline);
            EXPECT_LE(wheel.now_ms(), kStart + deadline + kLateMax);
            order.push_back(deadline);
        });
        wheel.set(timers.back(), kStart + deadline);
    }
    pass(60'000);
    ASSERT_EQ(order.size(), std::size(deadlines));
    for (size_t i = 1; i < order.size(); ++i)
        EXPECT_LE(order[i - 1] / TimerWheel::kTickMs, order[i] / TimerWheel::kTickMs + 1);
    for (const TestTimer& timer : timers) EXPECT_EQ(timer.count, 1);
}

TEST_F(TimerWheelTest, DeadlineMovedLater) {
    TestTimer timer;
    wheel.set(timer, kStart + 100);
    for (int i = 0; i < 1000; ++i) {
        pass(50);
        wheel.set(timer, wheel.now_ms() + 100);
    }
    EXPECT_EQ(timer.count, 0);
    pass(99);
    EXPECT_EQ(timer.count, 0);
    pass(1 + kLateMax);
    EXPECT_EQ(timer.count, 1);
}

TEST_F(TimerWheelTest, DeadlineMovedEarlier) {
    TestTimer timer;
    wheel.set(timer, kStart + 60'000);
    pass(20'000);
    wheel.set(timer, wheel.now_ms() + 500);
    pass(499);
    EXPECT_EQ(timer.count, 0);
    pass(1 + kLateMax);
    EXPECT_EQ(timer.count, 1);
    pass(60'000);
    EXPECT_EQ(timer.count, 1) << "and not at the first deadline again";
}

TEST_F(TimerWheelTest, UnsetAndSetAgain) {
    TestTimer timer;
    wheel.set(timer, kStart + 100);
    wheel.set(timer, 0);
    pass(1000);
    EXPECT_EQ(timer.count, 0);
    wheel.set(timer, wheel.now_ms() + 100);
    wheel.set(timer, 0);
    wheel.set(timer, wheel.now_ms() + 200);
    pass(150);
    EXPECT_EQ(timer.count, 0);
    pass(50 + kLateMax);
    EXPECT_EQ(timer.count, 1);
}

TEST_F(TimerWheelTest, DeadlineThatHasPassedAlready) {
    TestTimer timer;
    wheel.set(timer, kStart - 5000);
    EXPECT_EQ(timer.count, 0) << "never from inside set()";
    pass(kLateMax);
    EXPECT_EQ(timer.count, 1);
}

TEST_F(TimerWheelTest, ClockThatJumps) {
    std::deque<TestTimer> timers(3000);
    for (size_t i = 0; i < timers.size(); ++i) wheel.set(timers[i], kStart + 100 * (i + 1));
    wheel.advance(kStart + 150'000);  // nine turns at once
    for (size_t i = 0; i < timers.size(); ++i) EXPECT_EQ(timers[i].count, i < 1500 ? 1 : 0) << i;
    wheel.advance(kStart + 140'000);  // back: is not believed
    EXPECT_EQ(wheel.now_ms(), kStart + 150'000);
    wheel.advance(kStart + uint64_t{365} * 24 * 3600 * 1000);
    for (const TestTimer& timer : timers) EXPECT_EQ(timer.count, 1);
}

TEST(TimerWheel, FirstAdvanceToALongUptime) {
    constexpr uint64_t kUptime = uint64_t{400} * 24 * 3600 * 1000;
    TimerWheel wheel;
    TestTimer before, later;
    wheel.set(before, 5000);
    wheel.set(later, kUptime + 5000);
    wheel.advance(kUptime);
    EXPECT_EQ(before.count, 1);
    EXPECT_EQ(later.count, 0);
    wheel.advance(kUptime + 5000 + kLateMax);
    EXPECT_EQ(later.count, 1);
}

TEST_F(TimerWheelTest, TimersDestroyedFromInsideExpired) {
    std::vector<std::unique_ptr<TestTimer>> timers(8);
    int expired = 0;
    for (auto& timer : timers)
        timer = std::make_unique<TestTimer>([&] {
            ++expired;
            // All others of the same slot, wherever they are in it; then the one that runs.
            auto all = std::move(timers);
            timers.clear();
            all.clear();
        });
    for (auto& timer : timers) wheel.set(*timer, kStart + 100);
    pass(1000);
    EXPECT_EQ(expired, 1);
}

TEST_F(TimerWheelTest, TimersSetFromInsideExpired) {
    TestTimer other, sooner, never;
    std::unique_ptr<TestTimer> again;
    again = std::make_unique<TestTimer>([&] {
        wheel.set(*again, wheel.now_ms() + 1000);
        wheel.set(other, wheel.now_ms() + 200);
        wheel.set(sooner, wheel.now_ms());  // must not keep this turn going for ever
        wheel.set(never, 0);
    });
    wheel.set(*again, kStart + 100);
    wheel.set(never, kStart + 100 + kLateMax);
    wheel.advance(kStart + 150);
    EXPECT_EQ(again->count, 1);
    pass(500);
    EXPECT_EQ(again->count, 1);
    EXPECT_EQ(other.count, 1);
    EXPECT_EQ(sooner.count, 1);
    pass(10'000);
    EXPECT_GE(again->count, 9);
    EXPECT_EQ(never.count, 0);
}

TEST_F(TimerWheelTest, TimerThatGoesBeforeItsDeadline) {
    auto timer = std::make_unique<TestTimer>();
    TestTimer neighbour;
    wheel.set(*timer, kStart + 100);
    wheel.set(neighbour, kStart + 100);
    timer.reset();
    pass(100 + kLateMax);
    EXPECT_EQ(neighbour.count, 1);
}

// Against a plain list: whatever is done in whatever order, nothing expires early, late or twice.
TEST_F(TimerWheelTest, ModelWithRandomSteps) {
    std::mt19937_64 random(7);
    struct Modelled {
        std::unique_ptr<TestTimer> timer;
        uint64_t deadline = 0;
    };
    std::vector<Modelled> all(300);
    for (Modelled& one : all)
        one.timer = std::make_unique<TestTimer>([this, &one] {
            EXPECT_NE(one.deadline, 0U) << "it was not set";
            EXPECT_GE(wheel.now_ms(), one.deadline);
            one.deadline = 0;
        });
    for (int step = 0; step < 20'000; ++step) {
        Modelled& one = all[random() % all.size()];
        const uint64_t spans[] = {0, 10, 500, 15'000, 40'000};
        const uint64_t span = spans[random() % std::size(spans)];
        one.deadline = random() % 5 == 0 ? 0 : wheel.now_ms() + span + random() % 50;
        wheel.set(*one.timer, one.deadline);
        if (random() % 3 == 0) wheel.advance(wheel.now_ms() + random() % 40);
        if (random() % 500 == 0) wheel.advance(wheel.now_ms() + random() % 50'000);
        for (const Modelled& each : all) {
            if (each.deadline != 0) {
                ASSERT_GE(each.deadline + kLateMax, wheel.now_ms());
            }
        }
    }
}

}  // namespace
}  // namespace gatepost::dataplane
