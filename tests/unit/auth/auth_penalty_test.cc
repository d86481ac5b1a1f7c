#include "dataplane/auth/auth_penalty.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace gatepost::dataplane {
namespace {

PeerAddress ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    PeerAddress peer;
    peer.octets[0] = a;
    peer.octets[1] = b;
    peer.octets[2] = c;
    peer.octets[3] = d;
    return peer;
}

PeerAddress ipv6(uint8_t network, uint8_t host) {
    PeerAddress peer;
    peer.family = Family::ipv6;
    peer.octets[0] = 0x20;
    peer.octets[7] = network;
    peer.octets[15] = host;
    return peer;
}

class Penalty : public testing::Test {
  protected:
    Penalty() { table = std::move(*AuthPenalty::create(1024)); }
    void fail(const PeerAddress& peer, int times) {
        for (int i = 0; i < times; ++i) table->failed(peer, now_ms);
    }
    uint32_t wait(const PeerAddress& peer) const { return table->penalty_ms(peer, now_ms); }

    std::unique_ptr<AuthPenalty> table;
    uint64_t now_ms = 1'000'000;
};

TEST_F(Penalty, TwoAreFreeThenItDoubles) {
    const PeerAddress peer = ipv4(192, 0, 2, 1);
    std::vector<uint32_t> waits;
    for (int i = 0; i < 9; ++i) {
        waits.push_back(wait(peer));
        fail(peer, 1);
    }
    EXPECT_EQ(waits, (std::vector<uint32_t>{0, 0, 500, 1000, 2000, 4000, 8000, 15000, 15000}));
    fail(peer, 1000);
    EXPECT_EQ(wait(peer), kPenaltyMaxMs);
}

TEST_F(Penalty, FailuresAreForgotten) {
    const PeerAddress peer = ipv4(192, 0, 2, 1);
    fail(peer, 8);
    EXPECT_EQ(wait(peer), 15000u);
    now_ms += kPenaltyHalfLifeS * 1000;
    EXPECT_EQ(wait(peer), 2000u) << "four are left";
    now_ms += kPenaltyHalfLifeS * 1000;
    EXPECT_EQ(wait(peer), 500u);
    now_ms += kPenaltyHalfLifeS * 1000;
    EXPECT_EQ(wait(peer), 0u);
    now_ms -= 3 * kPenaltyHalfLifeS * 1000 + 5000;
    EXPECT_EQ(wait(peer), 15000u) << "a clock that is behind is no reason to forget";
}

TEST_F(Penalty, OthersDoNotWait) {
    fail(ipv4(192, 0, 2, 1), 8);
    EXPECT_EQ(wait(ipv4(192, 0, 2, 2)), 0u);
    EXPECT_EQ(wait(ipv4(198, 51, 100, 1)), 0u);
    fail(ipv6(1, 1), 8);
    EXPECT_EQ(wait(ipv6(1, 99)), 15000u) << "the same /64";
    EXPECT_EQ(wait(ipv6(2, 1)), 0u);
}

TEST_F(Penalty, AWholeNetworkThatTries) {
    for (int i = 0; i < 31; ++i) fail(ipv4(192, 0, 2, static_cast<uint8_t>(i)), 1);
    EXPECT_EQ(wait(ipv4(192, 0, 2, 200)), 0u);
    fail(ipv4(192, 0, 2, 31), 1);
    EXPECT_EQ(wait(ipv4(192, 0, 2, 200)), 500u);
    EXPECT_EQ(wait(ipv4(192, 0, 3, 200)), 0u);
}

TEST_F(Penalty, SuccessTakesHalfAFailureOff) {
    const PeerAddress peer = ipv4(192, 0, 2, 1);
    table->succeeded(peer, now_ms);
    EXPECT_EQ(wait(peer), 0u);
    fail(peer, 4);
    EXPECT_EQ(wait(peer), 2000u);
    table->succeeded(peer, now_ms);
    table->succeeded(peer, now_ms);
    EXPECT_EQ(wait(peer), 1000u);
    for (int i = 0; i < 20; ++i) table->succeeded(peer, now_ms);
    EXPECT_EQ(wait(peer), 0u);
    fail(peer, 2);
    EXPECT_EQ(wait(peer), 500u) << "good behaviour is no credit";
}

TEST_F(Penalty, WhoFailsMuchIsNotPushedOut) {
    const PeerAddress worst = ipv4(203, 0, 113, 1);
    fail(worst, 40);
    for (int i = 0; i < 60'000; ++i)
        table->failed(ipv4(10, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i), 1), now_ms);
    EXPECT_EQ(wait(worst), kPenaltyMaxMs);
}

TEST_F(Penalty, ManyWorkersAtOnce) {
    const PeerAddress peer = ipv4(192, 0, 2, 1);
    std::vector<std::thread> workers;
    for (int i = 0; i < 4; ++i)
        workers.emplace_back([this, &peer] {
            for (int times = 0; times < 1000; ++times) table->failed(peer, now_ms);
        });
    for (std::thread& worker : workers) worker.join();
    EXPECT_EQ(wait(peer), kPenaltyMaxMs);
}

}  // namespace
}  // namespace gatepost::dataplane
