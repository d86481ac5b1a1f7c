#include "dataplane/reactor/awaitable.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>

#include "dataplane/reactor/task.h"
#include "dataplane/reactor/turn_queue.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;  // ns

class Files : public testing::Test {
  protected:
    Files() {
        auto made = Ring::create({.submissions = 8, .completions = 64});
        EXPECT_TRUE(made) << made.error().message;
        ring = std::move(*made);
        EXPECT_TRUE(ring->enable());
        fd = UniqueFd(::open(testing::TempDir().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
        EXPECT_TRUE(fd);
    }
    void run(Task<>& task) {
        task.start();
        for (int turns = 0; !task.is_done() && turns < 100; ++turns) {
            EXPECT_TRUE(ring->submit_and_wait(1, kSecond));
            ring->reap();
        }
        EXPECT_TRUE(task.is_done());
    }
    std::unique_ptr<Ring> ring;
    UniqueFd fd;
};

TEST_F(Files, WriteSyncAndRead) {
    const std::string text = "what was written";
    std::array<uint8_t, 64> room{};
    std::array<int32_t, 4> results{};
    auto body = [&]() -> Task<> {
        Bytes octets(reinterpret_cast<const uint8_t*>(text.data()), text.size());
        results[0] = co_await RingRequest::write(*ring, fd.get(), octets, 4096);
        results[1] = co_await RingRequest::sync_data(*ring, fd.get());
        results[2] = co_await RingRequest::read(*ring, fd.get(), room, 4096);
        results[3] = co_await RingRequest::read(*ring, fd.get(), room, 1 << 20);
    };
    Task<> task = body();
    run(task);
    EXPECT_EQ(results[0], static_cast<int32_t>(text.size()));
    EXPECT_EQ(results[1], 0);
    EXPECT_EQ(results[2], static_cast<int32_t>(text.size()));
    EXPECT_EQ(results[3], 0) << "behind the end";
    EXPECT_EQ(std::string(room.begin(), room.begin() + static_cast<long>(text.size())), text);
}

TEST_F(Files, FailuresAreGiven) {
    int32_t result = 0;
    std::array<uint8_t, 8> room{};
    auto body = [&]() -> Task<> { result = co_await RingRequest::read(*ring, 9999, room, 0); };
    Task<> task = body();
    run(task);
    EXPECT_EQ(result, -EBADF);
}

TEST_F(Files, CancelledOnesEnd) {
    int pipe_ends[2];
    ASSERT_EQ(0, ::pipe2(pipe_ends, O_CLOEXEC));
    const UniqueFd reader(pipe_ends[0]), writer(pipe_ends[1]);
    std::array<uint8_t, 8> room{};
    std::optional<int32_t> result;
    RingRequest* under_way = nullptr;
    auto body = [&]() -> Task<> {
        auto request = RingRequest::read(*ring, reader.get(), room, 0);
        under_way = &request;
        result = co_await request;
    };
    Task<> task = body();
    task.start();
    ring->submit();
    under_way->cancel();
    for (int turns = 0; !result && turns < 10; ++turns) {
        ASSERT_TRUE(ring->submit_and_wait(1, kSecond));
        ring->reap();
    }
    EXPECT_EQ(result, -ECANCELED);
}

TEST(Delay, EndsWhenItsTimeHasCome) {
    TimerWheel wheel;
    wheel.advance(1'000'000);
    int passed = 0;
    auto body = [&]() -> Task<> {
        co_await Delay(wheel, 0);
        ++passed;
        co_await Delay(wheel, 500);
        ++passed;
    };
    Task<> task = body();
    task.start();
    EXPECT_EQ(passed, 1);
    wheel.advance(1'000'400);
    EXPECT_EQ(passed, 1);
    wheel.advance(1'000'600);
    EXPECT_EQ(passed, 2);
    EXPECT_TRUE(task.is_done());
}

TEST(Delay, GoesWithItsCoroutine) {
    TimerWheel wheel;
    wheel.advance(1'000'000);
    auto body = [&]() -> Task<> {
        co_await Delay(wheel, 500);
        ADD_FAILURE();
    };
    Task<> task = body();
    task.start();
    task.reset();
    wheel.advance(1'001'000);
}

TEST_F(Files, TurnsComeOneAfterTheOtherWithoutDelay) {
    TurnQueue queue(*ring);
    std::string order;
    auto body = [&](char name, int turns) -> Task<> {
        for (int turn = 0; turn < turns; ++turn) {
            TurnQueue::Wait wait(queue);
            co_await wait;
            order += name;
        }
    };
    Task<> one = body('a', 3);
    Task<> two = body('b', 2);
    Task<> gone = body('c', 9);
    one.start();
    two.start();
    gone.start();
    for (const char* so_far : {"abc", "abcab", "abcaba"}) {
        // One request wakes them all; without it this would take as long as it may.
        EXPECT_TRUE(ring->submit_and_wait(1, 600 * kSecond));
        EXPECT_EQ(ring->reap(), 1U);
        gone.reset();
        EXPECT_EQ(order, so_far);
    }
    EXPECT_TRUE(one.is_done() && two.is_done());
}

}  // namespace
}  // namespace gatepost::dataplane
