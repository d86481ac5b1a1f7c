#include "dataplane/auth/helper_threads.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>
#include <vector>

#include "dataplane/auth/credential_check.h"
#include "dataplane/reactor/task.h"

namespace gatepost::dataplane {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;  // ns

class Job final : public HelperJob {
  public:
    std::thread::id thread;
    int runs = 0;
    std::latch* begun = nullptr;  // told of the beginning
    std::latch* gate = nullptr;   // waited for

    void run() override {
        thread = std::this_thread::get_id();
        if (begun != nullptr) begun->count_down();
        if (gate != nullptr) gate->wait();
        ++runs;
    }
};

class Helpers : public testing::Test {
  protected:
    void start(const HelperThreadsOptions& options) {
        ring = std::move(*Ring::create({.submissions = 8, .completions = 64}));
        ASSERT_TRUE(ring->enable());
        threads = HelperThreads::start(options);
        port = std::move(*HelperPort::create(*ring, *threads));
        port->start();
    }
    void turn() {
        EXPECT_TRUE(ring->submit_and_wait(1, kSecond));
        ring->reap();
    }
    void run(Task<>& task) {
        task.start();
        for (int turns = 0; !task.is_done() && turns < 1000; ++turns) turn();
        EXPECT_TRUE(task.is_done());
    }
    ~Helpers() override {
        if (port) port->close();
        ring.reset();
    }

    std::unique_ptr<HelperThreads> threads;
    std::unique_ptr<HelperPort> port;
    std::unique_ptr<Ring> ring;
};

TEST_F(Helpers, AJobRunsElsewhereAndTheCoroutineHere) {
    start({});
    Job job;
    HelperResult result = HelperResult::busy;
    std::thread::id resumed_in;
    auto body = [&]() -> Task<> {
        result = co_await port->run(job);
        resumed_in = std::this_thread::get_id();
        result = co_await port->run(job);
    };
    Task<> task = body();
    run(task);
    EXPECT_EQ(result, HelperResult::done);
    EXPECT_EQ(job.runs, 2);
    EXPECT_NE(job.thread, std::this_thread::get_id());
    EXPECT_EQ(resumed_in, std::this_thread::get_id());
    EXPECT_EQ(port->under_way(), 0u);
    EXPECT_EQ(threads->counts().done, 2u);
}

TEST_F(Helpers, ManyJobsOfManyCoroutines) {
    constexpr size_t kMany = 200;
    start({.count = 4, .queue_max = kMany});
    std::vector<Task<>> tasks;
    size_t ended = 0;
    auto body = [&]() -> Task<> {
        Job job;
        for (int i = 0; i < 5; ++i) (void)co_await port->run(job);
        if (job.runs == 5) ++ended;
    };
    for (size_t i = 0; i < kMany; ++i) tasks.push_back(body());
    for (Task<>& task : tasks) task.start();
    for (int turns = 0; ended < kMany && turns < 10'000; ++turns) turn();
    EXPECT_EQ(ended, kMany);
    EXPECT_EQ(threads->counts().done, 5 * kMany);
    EXPECT_EQ(threads->counts().waiting, 0u);
}

TEST_F(Helpers, AFullQueueIsToldAtOnce) {
    start({.count = 1, .queue_max = 1});
    std::latch begun(1), gate(1);
    Job first, second, third;
    first.begun = &begun;
    first.gate = &gate;
    auto body = [&](Job& job, HelperResult& result) -> Task<> { result = co_await port->run(job); };
    HelperResult of_first{}, of_second{}, of_third{};
    Task<> one = body(first, of_first), two = body(second, of_second),
           three = body(third, of_third);
    one.start();
    begun.wait();  // it runs, and does not wait in the queue any more
    two.start();
    three.start();
    EXPECT_TRUE(three.is_done());
    EXPECT_EQ(of_third, HelperResult::busy);
    EXPECT_EQ(third.runs, 0);
    EXPECT_EQ(threads->counts().busy, 1u);
    EXPECT_EQ(threads->counts().waiting, 1u);
    gate.count_down();
    for (int turns = 0; !two.is_done() && turns < 100; ++turns) turn();
    EXPECT_TRUE(one.is_done());
    EXPECT_EQ(of_second, HelperResult::done);
    EXPECT_EQ(second.runs, 1);
}

TEST_F(Helpers, ClosingLetsTheRunningOneEndAndDropsTheRest) {
    start({.count = 1, .queue_max = 8});
    std::latch begun(1), gate(1);
    Job running, waiting;
    running.begun = &begun;
    running.gate = &gate;
    bool resumed = false;
    auto body = [&](Job& job) -> Task<> {
        (void)co_await port->run(job);
        resumed = true;
    };
    Task<> one = body(running), two = body(waiting);
    one.start();
    two.start();
    begun.wait();
    std::thread opener([&] {
        while (threads->counts().waiting != 0) std::this_thread::yield();  // dropped by close()
        gate.count_down();
    });
    port->close();
    opener.join();
    EXPECT_EQ(running.runs, 1);
    EXPECT_EQ(waiting.runs, 0);
    EXPECT_EQ(port->under_way(), 0u);
    one.reset();  // safe now, though it waits
    two.reset();
    EXPECT_FALSE(resumed);
    HelperResult late = HelperResult::done;
    auto after = [&]() -> Task<> { late = co_await port->run(waiting); };
    Task<> task = after();
    task.start();
    EXPECT_TRUE(task.is_done());
    EXPECT_EQ(late, HelperResult::busy);
}

using HelpersDeathTest = Helpers;

TEST_F(HelpersDeathTest, ACoroutineIsNotDestroyedUnderItsJob) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            start({.count = 1});
            std::latch gate(1);
            Job job;
            job.gate = &gate;
            auto body = [&]() -> Task<> { (void)co_await port->run(job); };
            Task<> task = body();
            task.start();
            task.reset();
        },
        "broken invariant");
}

TEST_F(Helpers, APasswordIsChecked) {
    start({});
    std::optional<uint32_t> match;
    auto body = [&]() -> Task<> {
        CredentialCheck check;
        check.password = "secret";
        check.crypt_strings = {"{SSHA}365+XAKol4BsFgk+yuTOs1/f4kh7Nuju"};
        const HelperResult ran = co_await port->run(check);
        if (ran == HelperResult::done) match = check.match;
    };
    Task<> task = body();
    run(task);
    EXPECT_EQ(match, 0u);
}

}  // namespace
}  // namespace gatepost::dataplane
