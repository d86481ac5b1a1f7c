// A stream over memory with the coroutine that serves it, and a clock that only the test moves.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "dataplane/reactor/task.h"
#include "dataplane/stream/memory_transport.h"
#include "dataplane/stream/stream.h"

namespace gatepost::dataplane {

class StreamRig {
  public:
    using Body = std::function<Task<>(Stream&)>;

    explicit StreamRig(size_t pool_octets = size_t{64} << 20);

    // Runs the body until it waits. When it returns, the stream is closed, as a server does it.
    void serve(Body body);
    void arrive(std::string_view octets);  // and what follows from it
    void advance(uint64_t ms);             // and what follows from it
    // As the owner of a stream that is to go now: whatever waits is not told.
    void close();
    bool waits() const { return started_ && !done_; }

    storage::StreamCounters counters{};
    BufferPool pool;
    TimerWheel timers;
    StreamHost host{pool, timers, counters};
    MemoryTransport transport;
    std::optional<Stream> stream;
    uint64_t now_ms = 1'000'000;
    bool closed = false;

  private:
    Task<> run();

    Body body_;
    Task<> task_;
    bool started_ = false;
    bool done_ = false;
};

std::string text_of(Bytes octets);
Bytes octets_of(std::string_view text);
// So many octets, none like its neighbours.
std::string pattern(size_t size, uint64_t seed = 1);
// Instead of EXPECT_EQ where the octets are many and no text: tells where they differ.
testing::AssertionResult same_octets(std::string_view got, std::string_view wanted);

}  // namespace gatepost::dataplane
