// Streams that go, or break, at every moment there is.
#include <gtest/gtest.h>

#include <functional>

#include "storage/base/bytes.h"
#include "tests/unit/stream/stream_rig.h"

namespace gatepost::dataplane {
namespace {

// A small protocol with every kind of wait: lines of "LENGTH octets…", sent back.
Task<bool> echo_one(Stream& stream) {
    StreamStatus status = co_await stream.until(2);
    if (status != StreamStatus::ok) co_return false;
    const size_t length = load_be16(stream.input().data());
    stream.consume(2);
    status = co_await stream.until(length);
    if (status != StreamStatus::ok) co_return false;
    if (!stream.append(stream.input().first(length))) co_return false;
    stream.consume(length);
    status = co_await stream.push(1000);
    co_return status == StreamStatus::ok;
}

Task<> echo(Stream& stream) {
    stream.set_input_max(70'000);
    for (bool more = true; more;) {
        stream.expect_within(1000);
        more = co_await echo_one(stream);
    }
    stream.expect_within(100);
    const StreamStatus status = co_await stream.push();
    if (status != StreamStatus::ok) co_return;
    stream.shutdown_write();
    co_await stream.linger();
}

std::string conversation(std::string& replies) {
    std::string sent;
    for (size_t length : {5, 0, 3000, 20'000, 7, 65'535, 1}) {
        const std::string text = pattern(length, length);
        sent += {static_cast<char>(length >> 8), static_cast<char>(length)};
        sent += text;
        replies += text;
    }
    return sent;
}

struct Pieces {
    size_t receive = 65'536;
    size_t send = SIZE_MAX;
};
constexpr Pieces kPieces[] = {{65'536, SIZE_MAX}, {1500, 1000}, {4096, 333}, {61, 2000}};

TEST(StreamEnd, EchoInAllPieces) {
    for (const Pieces& pieces : kPieces) {
        std::string replies;
        const std::string sent = conversation(replies);
        StreamRig rig;
        rig.transport.receive_max = pieces.receive;
        rig.transport.send_max = pieces.send;
        rig.serve(echo);
        rig.transport.arrive(sent);
        rig.transport.arrive_end();
        rig.transport.run();
        EXPECT_TRUE(same_octets(rig.transport.take_sent(), replies));
        EXPECT_TRUE(rig.closed);
        EXPECT_EQ(rig.pool.used_octets(), 0U);
    }
}

TEST(StreamEnd, ResetAtEveryEvent) {
    for (const Pieces& pieces : kPieces) {
        std::string replies;
        const std::string sent = conversation(replies);
        bool survived = false;
        for (size_t events = 0; !survived; events += events < 300 ? 1 : 37) {
            StreamRig rig;
            rig.transport.receive_max = pieces.receive;
            rig.transport.send_max = pieces.send;
            rig.transport.events_until_reset = events;
            rig.serve(echo);
            rig.transport.arrive(sent);
            rig.transport.run();
            const std::string got = rig.transport.take_sent();
            ASSERT_TRUE(same_octets(got, replies.substr(0, got.size()))) << events;
            survived = rig.waits();
            if (survived) {
                EXPECT_TRUE(same_octets(got, replies));
                rig.close();
            }
            ASSERT_TRUE(rig.closed) << events;
            ASSERT_EQ(rig.pool.used_octets(), 0U) << events;
        }
    }
}

// The owner closes at every event: whatever the coroutine waits for, it goes without a trace.
TEST(StreamEnd, ClosedAtEveryOctet) {
    std::string replies;
    const std::string sent = conversation(replies);
    const size_t frames = FramePool::used_octets();
    for (size_t octets = 0; octets < sent.size(); octets += octets < 3200 ? 1 : 997) {
        StreamRig rig;
        rig.transport.send_max = 700;
        rig.transport.send_blocked = octets % 2 != 0;
        rig.serve(echo);
        rig.arrive(sent.substr(0, octets));
        ASSERT_FALSE(rig.closed);
        rig.close();
        ASSERT_TRUE(rig.closed);
        ASSERT_EQ(rig.pool.used_octets(), 0U) << octets;
        ASSERT_EQ(FramePool::used_octets(), frames);
        rig.advance(100'000);  // no timer is left that would speak to it
    }
}

TEST(StreamEnd, PoolThatIsUsedUpAtEveryMoment) {
    std::string replies;
    const std::string sent = conversation(replies);
    for (size_t left = 0; left < 12; ++left) {
        StreamRig rig(size_t{512} << 10);
        std::vector<Chunk*> all;
        while (Chunk* chunk = rig.pool.take(20'000)) all.push_back(chunk);
        while (Chunk* chunk = rig.pool.take(1)) all.push_back(chunk);
        for (size_t i = 0; i < left && !all.empty(); ++i) {
            rig.pool.give(all[all.size() / 2]);
            all.erase(all.begin() + static_cast<ptrdiff_t>(all.size() / 2));
        }
        rig.transport.receive_max = 1000;
        rig.transport.send_max = 500;
        rig.serve(echo);
        rig.arrive(sent);
        const std::string got = rig.transport.take_sent();
        EXPECT_TRUE(same_octets(got, replies.substr(0, got.size())));
        rig.advance(2000);
        rig.advance(2000);
        EXPECT_TRUE(rig.closed);
        for (Chunk* chunk : all) rig.pool.give(chunk);
        EXPECT_EQ(rig.pool.used_octets(), 0U);
    }
}

}  // namespace
}  // namespace gatepost::dataplane
