#include "tests/unit/stream/stream_rig.h"

#include <algorithm>

namespace gatepost::dataplane {

namespace {

BufferPool make_pool(size_t octets, storage::StreamCounters& counters) {
    auto pool = BufferPool::create(octets, counters);
    EXPECT_TRUE(pool) << pool.error().message;
    return std::move(*pool);
}

}  // namespace

StreamRig::StreamRig(size_t pool_octets) : pool(make_pool(pool_octets, counters)) {
    timers.advance(now_ms);
    stream.emplace(host, transport);
    transport.attach(*stream);
    stream->closed = [](Stream&, void* argument) {
        auto& rig = *static_cast<StreamRig*>(argument);
        rig.task_.reset();
        rig.stream.reset();
        rig.closed = true;
    };
    stream->closed_argument = this;
}

Task<> StreamRig::run() {
    co_await body_(*stream);
    done_ = true;
    stream->close();
}

void StreamRig::serve(Body body) {
    body_ = std::move(body);
    started_ = true;
    task_ = run();
    task_.start();
    transport.run();
}

void StreamRig::arrive(std::string_view octets) {
    transport.arrive(octets);
    transport.run();
}

void StreamRig::advance(uint64_t ms) {
    now_ms += ms;
    timers.advance(now_ms);
    transport.run();
}

void StreamRig::close() {
    stream->close();
    transport.run();
}

std::string text_of(Bytes octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

Bytes octets_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string pattern(size_t size, uint64_t seed) {
    std::string octets(size, '\0');
    uint64_t state = seed * 2654435761 + 1;
    for (char& octet : octets) {  // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        octet = static_cast<char>((state * 2685821657736338717U) >> 56);
    }
    return octets;
}

testing::AssertionResult same_octets(std::string_view got, std::string_view wanted) {
    if (got == wanted) return testing::AssertionSuccess();
    const size_t common = std::min(got.size(), wanted.size());
    const auto differs =
        std::mismatch(got.begin(), got.begin() + static_cast<ptrdiff_t>(common), wanted.begin());
    return testing::AssertionFailure()
           << got.size() << " octets instead of " << wanted.size() << ", the first "
           << differs.first - got.begin() << " of them the same";
}

}  // namespace gatepost::dataplane
