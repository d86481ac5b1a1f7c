#include "dataplane/reactor/ring.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <ctime>

namespace gatepost::dataplane {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;  // ns

struct Recorder final : Operation {
    void complete(const Completion& completion) override {
        last = completion;
        ++count;
    }
    Completion last;
    int count = 0;
};

std::unique_ptr<Ring> enabled_ring(std::span<const uint8_t> operations = {}) {
    auto ring = Ring::create({.submissions = 8, .completions = 64, .operations = operations});
    EXPECT_TRUE(ring) << ring.error().message;
    EXPECT_TRUE((*ring)->enable());
    return std::move(*ring);
}

TEST(Ring, CompletionsFindTheirOperationAndTag) {
    auto ring = enabled_ring();
    Recorder first, second;
    io_uring_sqe* request = ring->next_request();
    ::io_uring_prep_nop(request);
    Ring::route(request, first, 0xffff);
    request = ring->next_request();
    ::io_uring_prep_nop(request);
    Ring::route(request, second);
    EXPECT_TRUE(ring->submit_and_wait(2, kSecond));
    EXPECT_EQ(2u, ring->reap());
    EXPECT_EQ(1, first.count);
    EXPECT_EQ(0xffff, first.last.tag);
    EXPECT_EQ(1, second.count);
    EXPECT_EQ(0, second.last.tag);
}

TEST(Ring, FullQueueIsSubmittedNotLost) {
    auto ring = enabled_ring();
    Recorder recorder;
    for (int i = 0; i < 50; ++i) {
        io_uring_sqe* request = ring->next_request();
        ::io_uring_prep_nop(request);
        Ring::route(request, recorder);
    }
    EXPECT_TRUE(ring->submit_and_wait(50, kSecond));
    ring->reap();
    EXPECT_EQ(50, recorder.count);
}

TEST(Ring, WaitEndsWithTheTime) {
    auto ring = enabled_ring();
    EXPECT_TRUE(ring->submit_and_wait(1, 1'000'000));
    EXPECT_EQ(0u, ring->reap());
}

// What the seccomp filter forbids must not be reachable through the ring.
TEST(Ring, OperationsOutsideTheListAreRefused) {
    const uint8_t allowed[] = {IORING_OP_NOP};
    auto ring = enabled_ring(allowed);
    Recorder recorder;
    io_uring_sqe* request = ring->next_request();
    ::io_uring_prep_openat(request, AT_FDCWD, "/dev/null", O_WRONLY, 0);
    Ring::route(request, recorder);
    EXPECT_TRUE(ring->submit_and_wait(1, kSecond));
    ring->reap();
    EXPECT_EQ(-EACCES, recorder.last.result);
    request = ring->next_request();
    ::io_uring_prep_nop(request);
    Ring::route(request, recorder);
    EXPECT_TRUE(ring->submit_and_wait(1, kSecond));
    ring->reap();
    EXPECT_EQ(0, recorder.last.result);
    EXPECT_EQ(-EACCES, ::io_uring_register_eventfd(ring->raw(), 0));
}

}  // namespace
}  // namespace gatepost::dataplane
