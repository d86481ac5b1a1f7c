#include "dataplane/reactor/task.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/allocation_counter.h"

namespace gatepost::dataplane {
namespace {

// What somebody waits for until the test says go.
class Gate {
  public:
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
    void await_resume() const {}
    void open() { std::exchange(waiter_, nullptr).resume(); }
    bool has_waiter() const { return static_cast<bool>(waiter_); }

  private:
    std::coroutine_handle<> waiter_;
};

// Says when it goes.
class Trace {
  public:
    Trace(std::vector<std::string>& log, std::string name) : log_(log), name_(std::move(name)) {}
    Trace(const Trace&) = delete;
    Trace& operator=(const Trace&) = delete;
    ~Trace() { log_.push_back("~" + name_); }

  private:
    std::vector<std::string>& log_;
    std::string name_;
};

Task<int> immediately(int value) {
    co_return value;
}

Task<std::string> after(Gate& gate, std::string text) {
    co_await gate;
    co_return text + "!";
}

Task<> collect(Gate& gate, std::string& out) {
    out += std::to_string(co_await immediately(1));
    out += co_await after(gate, "two");
    out += co_await after(gate, "three");
}

TEST(Task, ValuesAtOnceAndLater) {
    Gate gate;
    std::string out;
    Task<> task = collect(gate, out);
    EXPECT_EQ(out, "") << "nothing runs before it is started";
    task.start();
    EXPECT_EQ(out, "1");
    EXPECT_FALSE(task.is_done());
    gate.open();
    EXPECT_EQ(out, "1two!");
    gate.open();
    EXPECT_EQ(out, "1two!three!");
    EXPECT_TRUE(task.is_done());
}

Task<int> nest(Gate& gate, int depth) {
    if (depth == 0) {
        co_await gate;
        co_return 0;
    }
    co_return 1 + co_await nest(gate, depth - 1);
}

Task<> keep(Task<int> task, int& out) {
    out = co_await std::move(task);
}

TEST(Task, DeepNesting) {
    Gate gate;
    int depth = 0;
    Task<> task = keep(nest(gate, 500), depth);
    task.start();
    ASSERT_TRUE(gate.has_waiter());
    gate.open();
    EXPECT_EQ(depth, 500);
}

// In a build without optimization, too: no call is left on the stack behind a task that is done.
TEST(Task, EndlessLoopOverTasksThatDoNotWait) {
    constexpr int kTimes = 1'000'000;
    int64_t sum = 0;
    auto loop = [](int64_t& out) -> Task<> {
        for (int i = 0; i < kTimes; ++i) out += co_await immediately(i);
    };
    Task<> task = loop(sum);
    task.start();
    EXPECT_EQ(sum, int64_t{kTimes} * (kTimes - 1) / 2);
}

Task<> inner(std::vector<std::string>& log, Gate& gate) {
    Trace trace(log, "inner");
    co_await gate;
    log.emplace_back("never");
}

Task<> outer(std::vector<std::string>& log, Gate& gate) {
    Trace trace(log, "outer");
    co_await inner(log, gate);
}

TEST(Task, DestroyingATreeThatWaits) {
    const size_t before = FramePool::used_octets();
    std::vector<std::string> log;
    Gate gate;
    {
        Task<> task = outer(log, gate);
        task.start();
        EXPECT_GT(FramePool::used_octets(), before);
        EXPECT_TRUE(log.empty());
    }
    EXPECT_EQ(log, (std::vector<std::string>{"~inner", "~outer"}));
    EXPECT_EQ(FramePool::used_octets(), before);
}

TEST(Task, OneThatWasNeverStarted) {
    const size_t before = FramePool::used_octets();
    std::vector<std::string> log;
    Gate gate;
    { Task<> task = outer(log, gate); }
    EXPECT_TRUE(log.empty());
    EXPECT_EQ(FramePool::used_octets(), before);
}

TEST(Task, MovedAndReplaced) {
    Gate gate;
    std::string first, second;
    Task<> task = collect(gate, first);
    task.start();
    Task<> other = std::move(task);
    EXPECT_FALSE(task);
    EXPECT_TRUE(task.is_done());
    gate.open();
    EXPECT_EQ(first, "1two!");
    other = collect(gate, second);  // the one before goes while it waits
    other.start();
    gate.open();
    EXPECT_EQ(first, "1two!");
    EXPECT_EQ(second, "1two!");
}

Task<size_t> large_frame(Gate& gate) {
    std::array<char, 20'000> room;
    room.fill('x');
    co_await gate;
    co_return static_cast<size_t>(std::count(room.begin(), room.end(), 'x'));
}

TEST(Task, FrameThatIsTooLargeForThePool) {
    Gate gate;
    size_t count = 0;
    auto body = [&]() -> Task<> { count = co_await large_frame(gate); };
    Task<> task = body();
    task.start();
    gate.open();
    EXPECT_EQ(count, 20'000U);
}

TEST(Task, NoSystemAllocationInSteadyState) {
    if (!tests::kAllocationsCounted) GTEST_SKIP() << "allocations are not counted in this build";
    Gate gate;
    int depth = 0;
    auto once = [&] {
        Task<> task = keep(nest(gate, 20), depth);
        task.start();
        gate.open();
    };
    for (int i = 0; i < 3; ++i) once();
    const uint64_t before = tests::allocation_count();
    for (int i = 0; i < 1000; ++i) once();
    EXPECT_EQ(tests::allocation_count(), before);
}

TEST(FramePool, BlocksAreApartAndAligned) {
    std::vector<std::pair<uint8_t*, size_t>> blocks;
    for (int round = 0; round < 3; ++round) {
        for (size_t size = 1; size <= 5000; size += 37) {
            auto* block = static_cast<uint8_t*>(FramePool::allocate(size));
            EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 16, 0U);
            std::fill(block, block + size, static_cast<uint8_t>(size));
            blocks.emplace_back(block, size);
        }
        for (auto [block, size] : blocks)
            ASSERT_EQ(std::count(block, block + size, static_cast<uint8_t>(size)),
                      static_cast<ptrdiff_t>(size));
        for (auto [block, size] : blocks) FramePool::free(block, size);
        blocks.clear();
    }
}

// Sessions are made in the worker's thread, and destroyed with the worker by the main thread.
TEST(FramePool, FramesOutliveTheirThread) {
    std::vector<std::string> log;
    for (int round = 0; round < 50; ++round) {
        std::vector<Gate> gates(200);
        std::vector<Task<>> tasks;
        std::thread([&] {
            for (Gate& gate : gates) {
                tasks.push_back(outer(log, gate));
                tasks.back().start();
            }
        }).join();
        gates[0].open();
        tasks.clear();
        EXPECT_EQ(log.size(), 2 * gates.size() + 1);
        log.clear();
    }
}

}  // namespace
}  // namespace gatepost::dataplane
