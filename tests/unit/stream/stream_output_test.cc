// What push() gives, over memory.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "tests/unit/stream/stream_rig.h"

namespace gatepost::dataplane {
namespace {

using Statuses = std::vector<StreamStatus>;

TEST(StreamOutput, NothingIsSentBeforePush) {
    StreamRig rig;
    rig.serve([](Stream& stream) -> Task<> {
        EXPECT_TRUE(stream.append(octets_of("one")));
        EXPECT_EQ(co_await stream.fill(), StreamStatus::ok);
        stream.consume(1);
        EXPECT_TRUE(stream.append(octets_of("two")));
        EXPECT_EQ(stream.unsent(), 6U);
        EXPECT_EQ(co_await stream.push(), StreamStatus::ok);
        EXPECT_EQ(stream.unsent(), 0U);
        EXPECT_EQ(stream.sent_octets(), 6U);
        EXPECT_EQ(co_await stream.push(), StreamStatus::ok);
        EXPECT_EQ(co_await stream.fill(), StreamStatus::end);
    });
    EXPECT_EQ(rig.transport.take_sent(), "");
    rig.arrive("x");
    EXPECT_EQ(rig.transport.take_sent(), "onetwo");
    EXPECT_EQ(rig.counters.sent_octets, 6U);
    EXPECT_EQ(rig.pool.used_octets(), 0U);
}

TEST(StreamOutput, PushWaitsOnlyForWhatIsTooMuch) {
    StreamRig rig;
    rig.transport.send_blocked = true;
    int pushed = 0;
    rig.serve([&](Stream& stream) -> Task<> {
        for (int i = 0; i < 100; ++i) {
            EXPECT_TRUE(stream.append(octets_of(pattern(1000, i))));
            EXPECT_EQ(co_await stream.push(32'000), StreamStatus::ok);
            ++pushed;
        }
    });
    EXPECT_EQ(pushed, 32);
    rig.transport.send_max = 1500;
    rig.transport.send_blocked = false;
    rig.transport.run();
    EXPECT_EQ(pushed, 100);
    std::string sent = rig.transport.take_sent();
    EXPECT_TRUE(rig.closed);
    std::string expected;
    for (int i = 0; i < 100; ++i) expected += pattern(1000, i);
    EXPECT_TRUE(same_octets(sent, expected.substr(0, sent.size())));
    EXPECT_GE(sent.size(), 68'000U);
}

TEST(StreamOutput, PartialSendsLoseNothing) {
    for (size_t each : {size_t{1}, size_t{3}, size_t{1000}, size_t{4072}, size_t{5000}}) {
        StreamRig rig;
        rig.transport.send_max = each;
        const std::string text = pattern(30'000);
        rig.serve([&](Stream& stream) -> Task<> {
            EXPECT_TRUE(stream.append(octets_of(text)));
            EXPECT_EQ(co_await stream.push(10'000), StreamStatus::ok);
            uint8_t* room = stream.reserve(4000);
            EXPECT_NE(room, nullptr);
            std::memcpy(room, text.data(), 4000);
            stream.append_reserved(4000);
            EXPECT_EQ(co_await stream.push(), StreamStatus::ok);
            EXPECT_EQ(co_await stream.fill(), StreamStatus::end);
        });
        EXPECT_TRUE(same_octets(rig.transport.take_sent(), text + text.substr(0, 4000)));
        EXPECT_EQ(rig.pool.used_octets(), 0U);
    }
}

TEST(StreamOutput, MoreChunksThanOneSendTakes) {
    StreamRig rig;
    const std::string text = pattern(1'000'000);
    rig.serve([&](Stream& stream) -> Task<> {
        EXPECT_TRUE(stream.append(octets_of(text)));
        EXPECT_EQ(co_await stream.push(), StreamStatus::ok);
        EXPECT_EQ(co_await stream.fill(), StreamStatus::end);
    });
    EXPECT_TRUE(same_octets(rig.transport.take_sent(), text));
    EXPECT_EQ(rig.pool.used_octets(), 0U);
}

TEST(StreamOutput, SendFailure) {
    StreamRig rig;
    rig.transport.send_fails_after = 5000;
    Statuses statuses;
    rig.serve([&](Stream& stream) -> Task<> {
        EXPECT_TRUE(stream.append(octets_of(pattern(20'000))));
        statuses.push_back(co_await stream.push());
        EXPECT_EQ(stream.unsent(), 0U);
        statuses.push_back(co_await stream.fill());
        EXPECT_TRUE(stream.append(octets_of("more")));
        statuses.push_back(co_await stream.push());
    });
    EXPECT_EQ(statuses, Statuses(3, StreamStatus::reset));
    EXPECT_EQ(rig.transport.take_sent().size(), 5000U);
    EXPECT_TRUE(rig.closed);
    EXPECT_EQ(rig.pool.used_octets(), 0U);
}

TEST(StreamOutput, SendFailureIsToldToWhoWaitsForInput) {
    StreamRig rig;
    rig.transport.send_blocked = true;
    rig.transport.send_fails_after = 0;
    Statuses statuses;
    rig.serve([&](Stream& stream) -> Task<> {
        EXPECT_TRUE(stream.append(octets_of("x")));
        statuses.push_back(co_await stream.push(100));
        statuses.push_back(co_await stream.fill());
    });
    EXPECT_EQ(statuses, Statuses{StreamStatus::ok});
    rig.transport.send_blocked = false;
    rig.transport.run();
    EXPECT_EQ(statuses, (Statuses{StreamStatus::ok, StreamStatus::reset}));
}

TEST(StreamOutput, DeadlineOfAPeerThatDoesNotRead) {
    StreamRig rig;
    rig.transport.send_blocked = true;
    Statuses statuses;
    rig.serve([&](Stream& stream) -> Task<> {
        stream.expect_within(1000);
        EXPECT_TRUE(stream.append(octets_of("x")));
        statuses.push_back(co_await stream.push());
        statuses.push_back(co_await stream.push());
    });
    rig.advance(900);
    EXPECT_TRUE(statuses.empty());
    rig.advance(200);
    EXPECT_EQ(statuses, Statuses(2, StreamStatus::timeout));
    EXPECT_TRUE(rig.closed) << "closing does not wait for the send";
    EXPECT_EQ(rig.pool.used_octets(), 0U);
}

TEST(StreamOutput, HalfClosedPeerIsSentEverything) {
    StreamRig rig;
    rig.transport.send_max = 100;
    rig.serve([](Stream& stream) -> Task<> {
        EXPECT_EQ(co_await stream.fill(), StreamStatus::ok);
        stream.consume(stream.input().size());
        EXPECT_EQ(co_await stream.fill(), StreamStatus::end);
        EXPECT_TRUE(stream.peer_has_ended());
        EXPECT_TRUE(stream.append(octets_of(pattern(3000))));
        EXPECT_EQ(co_await stream.push(), StreamStatus::ok);
        stream.shutdown_write();
        EXPECT_EQ(co_await stream.linger(), StreamStatus::end);
    });
    rig.transport.arrive_end();
    rig.arrive("x");
    EXPECT_TRUE(same_octets(rig.transport.take_sent(), pattern(3000)));
    EXPECT_TRUE(rig.transport.has_shut_down());
    EXPECT_TRUE(rig.closed);
}

TEST(StreamOutput, ResetWhileOutputWaits) {
    StreamRig rig;
    rig.transport.send_blocked = true;
    Statuses statuses;
    rig.serve([&](Stream& stream) -> Task<> {
        EXPECT_EQ(co_await stream.fill(), StreamStatus::ok);
        EXPECT_TRUE(stream.append(octets_of("x")));
        statuses.push_back(co_await stream.push());
    });
    rig.arrive("x");
    rig.transport.arrive_error(ECONNRESET);
    rig.transport.run();
    EXPECT_EQ(statuses, Statuses{StreamStatus::reset});
    EXPECT_TRUE(rig.closed);
}

}  // namespace
}  // namespace gatepost::dataplane
