// A Port over the devices that need none: net_null, net_ring.
#include "dataplane/port/port.h"

#include <gtest/gtest.h>

#include "tests/unit/port/test_port.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;

constexpr unsigned kRingFrames = 1023;  // that DPDK's ring device holds

TEST(Port, NullGivesFramesAndTakesThem) {
    auto port = open_port("net_null", ",copy=0,size=78");
    EXPECT_EQ(port->driver(), "net_null");
    EXPECT_EQ(port->queues(), 1u);
    EXPECT_EQ(port->mtu(), 1500u);
    EXPECT_FALSE(port->wakes(0)) << "sleeps by time";
    Packet packets[32];
    // Far more than there are buffers: each goes back.
    for (int round = 0; round < 1000; ++round) {
        ASSERT_EQ(port->receive(0, packets), 32u);
        for (const Packet& packet : packets) {
            ASSERT_EQ(packet.length, 78u);
            ASSERT_GE(packet.headroom, kPacketHeadroom);
            ASSERT_GE(packet.capacity, kPacketCapacity);
        }
        size_t sent = port->transmit(0, std::span(packets, 16));
        ASSERT_EQ(sent, 16u);
        Port::release(std::span(packets + 16, 16));
    }
    EXPECT_EQ(port->stats().received, 32'000u);
    EXPECT_EQ(port->stats().sent, 16'000u);
}

TEST(Port, RingGivesBackWhatWasSent) {
    auto port = open_port("net_ring");
    EXPECT_EQ(port->driver(), "net_ring");
    std::vector<Octets> frames;
    for (size_t i = 0; i < kPacketBurstMax; ++i)
        frames.push_back(Octets(60 + 7 * i, static_cast<uint8_t>(i)));
    for (int round = 0; round < 100; ++round) {
        send_frames(*port, frames);
        ASSERT_EQ(receive_frames(*port), frames);
    }
    EXPECT_TRUE(receive_frames(*port).empty());
}

TEST(Port, WhatWasMovedInItsBufferIsSentFromThere) {
    auto port = open_port("net_ring");
    Packet packet;
    ASSERT_EQ(port->allocate(0, std::span(&packet, 1)), 1u);
    fill_packet(packet, {1, 2, 3, 4, 5, 6});
    packet.data += 2;
    packet.length = 3;
    ASSERT_EQ(port->transmit(0, std::span(&packet, 1)), 1u);
    EXPECT_EQ(receive_frames(*port), (std::vector<Octets>{{3, 4, 5}}));
}

TEST(Port, WhatTheDeviceDoesNotTakeStaysTheCallers) {
    auto port = open_port("net_ring");
    size_t sent = 0;
    for (size_t taken = kPacketBurstMax; taken == kPacketBurstMax; sent += taken) {
        std::vector<Packet> packets(kPacketBurstMax);
        ASSERT_EQ(port->allocate(0, packets), packets.size());
        for (size_t i = 0; i < packets.size(); ++i)
            fill_packet(packets[i], Octets(60, static_cast<uint8_t>(sent + i)));
        taken = port->transmit(0, packets);
        Port::release(std::span(packets).subspan(taken));
    }
    EXPECT_EQ(sent, kRingFrames);
    std::vector<Octets> frames = receive_frames(*port);
    ASSERT_EQ(frames.size(), kRingFrames);
    for (size_t i = 0; i < frames.size(); ++i)
        ASSERT_EQ(frames[i], Octets(60, static_cast<uint8_t>(i)));
}

TEST(Port, BuffersRunOutAndComeBack) {
    auto port = open_port("net_ring");
    std::vector<Packet> all;
    for (Packet batch[kPacketBurstMax];;) {
        size_t count = port->allocate(0, batch);
        all.insert(all.end(), batch, batch + count);
        if (count < kPacketBurstMax) break;
    }
    EXPECT_GT(all.size(), kRingFrames);
    Packet one;
    EXPECT_EQ(port->allocate(0, std::span(&one, 1)), 0u);
    Port::release(all);
    ASSERT_EQ(port->allocate(0, std::span(&one, 1)), 1u);
    Port::release(std::span(&one, 1));
}

TEST(Port, AnErrorNamesTheDeviceAndTellsWhatDpdkSaid) {
    auto unknown = try_open_port({.devargs = "net_nothing0"});
    ASSERT_FALSE(unknown);
    EXPECT_NE(unknown.error().message.find("net_nothing0"), std::string::npos);
    auto absent = try_open_port({.devargs = "net_af_packet0,iface=there-is-none"});
    ASSERT_FALSE(absent);
    EXPECT_NE(absent.error().message.find("DPDK said"), std::string::npos)
        << absent.error().message;
    auto queues = try_open_port({.devargs = "net_ring90", .queues = 17});
    ASSERT_FALSE(queues);
    EXPECT_EQ(queues.error().code, ErrorCode::usage) << queues.error().message;
}

}  // namespace
}  // namespace gatepost::tests
