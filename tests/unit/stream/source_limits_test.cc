#include "dataplane/stream/source_limits.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace gatepost::dataplane {
namespace {

using Verdict = SourceLimits::Verdict;

PeerAddress peer(const char* text) {
    PeerAddress peer;
    peer.family = ::inet_pton(AF_INET, text, peer.octets) == 1 ? Family::ipv4 : Family::ipv6;
    if (peer.family == Family::ipv6) {
        EXPECT_EQ(::inet_pton(AF_INET6, text, peer.octets), 1);
    }
    return peer;
}

TEST(SourceLimits, NoneSet) {
    SourceLimits limits({});
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(limits.enter(peer("192.0.2.1")), Verdict::admitted);
    EXPECT_EQ(limits.size(), 0U);
    limits.leave(peer("192.0.2.1"));
}

TEST(SourceLimits, PerAddress) {
    SourceLimits limits({.per_address = 2});
    EXPECT_EQ(limits.enter(peer("192.0.2.1")), Verdict::admitted);
    EXPECT_EQ(limits.enter(peer("192.0.2.1")), Verdict::admitted);
    EXPECT_EQ(limits.enter(peer("192.0.2.1")), Verdict::address_full);
    EXPECT_EQ(limits.enter(peer("192.0.2.2")), Verdict::admitted);
    EXPECT_EQ(limits.enter(peer("2001:db8::1")), Verdict::admitted);
    limits.leave(peer("192.0.2.1"));
    EXPECT_EQ(limits.enter(peer("192.0.2.1")), Verdict::admitted);
    EXPECT_EQ(limits.enter(peer("192.0.2.1")), Verdict::address_full);
}

TEST(SourceLimits, PerNetwork) {
    SourceLimits limits({.per_network = 3});
    for (const char* address : {"198.51.100.1", "198.51.100.77", "198.51.100.255"})
        EXPECT_EQ(limits.enter(peer(address)), Verdict::admitted);
    EXPECT_EQ(limits.enter(peer("198.51.100.2")), Verdict::network_full);
    EXPECT_EQ(limits.enter(peer("198.51.101.2")), Verdict::admitted);
    for (const char* address : {"2001:db8:1:100::1", "2001:db8:1:1ff:ffff::2", "2001:db8:1:180::"})
        EXPECT_EQ(limits.enter(peer(address)), Verdict::admitted);
    EXPECT_EQ(limits.enter(peer("2001:db8:1:1aa::5")), Verdict::network_full);
    EXPECT_EQ(limits.enter(peer("2001:db8:1:200::1")), Verdict::admitted) << "the next /56";
}

TEST(SourceLimits, WhatIsRefusedForItsNetworkIsNotCountedForItsAddress) {
    SourceLimits limits({.per_address = 1, .per_network = 1});
    EXPECT_EQ(limits.enter(peer("192.0.2.1")), Verdict::admitted);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(limits.enter(peer("192.0.2.2")), Verdict::network_full);
    EXPECT_EQ(limits.enter(peer("192.0.2.1")), Verdict::address_full);
    limits.leave(peer("192.0.2.1"));
    EXPECT_EQ(limits.enter(peer("192.0.2.2")), Verdict::admitted);
    limits.leave(peer("192.0.2.2"));
    EXPECT_EQ(limits.size(), 0U) << "nothing is kept of those that have gone";
}

// 0.0.0.0/24 and an address 0.0.0.0, and the like in IPv6, must not be taken for one another.
TEST(SourceLimits, AddressesAndNetworksAreApart) {
    SourceLimits limits({.per_address = 1, .per_network = 2});
    EXPECT_EQ(limits.enter(peer("10.0.0.0")), Verdict::admitted);
    EXPECT_EQ(limits.enter(peer("10.0.0.1")), Verdict::admitted);
    EXPECT_EQ(limits.enter(peer("10.0.0.2")), Verdict::network_full);
    EXPECT_EQ(limits.enter(peer("a00::")), Verdict::admitted);
    EXPECT_EQ(limits.enter(peer("a00::1")), Verdict::admitted);
}

TEST(SourceLimits, ManyComeAndGo) {
    SourceLimits limits({.per_address = 3, .per_network = 20});
    std::mt19937 random(3);
    std::map<uint32_t, uint32_t> addresses, networks;
    std::vector<uint32_t> open;
    auto of = [](uint32_t address) {
        PeerAddress made;
        store_be32(made.octets, address);
        return made;
    };
    for (int step = 0; step < 50'000; ++step) {
        if (random() % 2 == 0 && !open.empty()) {
            std::swap(open[random() % open.size()], open.back());
            const uint32_t address = open.back();
            open.pop_back();
            limits.leave(of(address));
            --addresses[address];
            --networks[address >> 8];
            continue;
        }
        const uint32_t address = 0xc0000200 + random() % 4 * 256 + random() % 30;
        Verdict wanted = Verdict::admitted;
        if (addresses[address] == 3)
            wanted = Verdict::address_full;
        else if (networks[address >> 8] == 20)
            wanted = Verdict::network_full;
        ASSERT_EQ(limits.enter(of(address)), wanted);
        if (wanted != Verdict::admitted) continue;
        ++addresses[address];
        ++networks[address >> 8];
        open.push_back(address);
    }
    for (uint32_t address : open) limits.leave(of(address));
    EXPECT_EQ(limits.size(), 0U);
}

}  // namespace
}  // namespace gatepost::dataplane
