// Bursts of frames through the pipeline, with an answerer that does what the first octet says.
#include "dataplane/worker/frame_pipeline.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "tests/unit/net/frame_reader.h"
#include "tests/unit/port/test_port.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;
using storage::Drop;

constexpr uint8_t kSilent = 0xdd;  // in front of a message: no reply

// A reply is the message itself with its last octet counted up.
class FakeAnswerer final : public BurstAnswerer {
  public:
    void answer(std::span<Exchange> burst) override {
        bursts.push_back(burst.size());
        for (Exchange& one : burst) {
            capacity = one.reply_capacity;
            one.reply_length = one.query[0] == kSilent ? uint16_t{0} : one.query_length;
            ++one.reply[one.query_length - 1];
        }
    }
    std::vector<size_t> bursts;
    size_t capacity = 0;
};

class FramePipelineTest : public testing::Test {
  protected:
    // `frames` in buffers of their own, with room in front and behind.
    std::span<Packet> packets(const std::vector<Octets>& frames) {
        buffers_.clear();
        packets_.clear();
        for (const Octets& frame : frames) {
            buffers_.push_back(std::make_unique<Octets>(2176));
            Packet packet;
            packet.data = buffers_.back()->data() + 128;
            packet.headroom = 128;
            packet.capacity = 2048;
            packet.buffer = buffers_.back().get();
            fill_packet(packet, frame);
            packets_.push_back(packet);
        }
        return packets_;
    }
    static ReplyFrame read(const Packet& packet) { return read_frame(packet.data, packet.length); }
    uint64_t dropped(Drop reason) const {
        return counters_->dropped[static_cast<size_t>(reason)].load();
    }

    HostAddresses host_ = make_host();
    FakeAnswerer answerer_;
    std::unique_ptr<storage::WorkerCounters> counters_ =
        std::make_unique<storage::WorkerCounters>();
    std::unique_ptr<storage::PollCounters> polls_ = std::make_unique<storage::PollCounters>();
    FramePipeline pipeline_{FramePipelineOptions{}, host_, answerer_, *counters_, *polls_};

  private:
    std::vector<std::unique_ptr<Octets>> buffers_;
    std::vector<Packet> packets_;
};

Octets message(uint8_t first, uint8_t last) {
    return {first, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, last};
}

FrameSpec spec_of(uint16_t source_port, bool v6 = false) {
    FrameSpec spec = v6 ? ipv6_spec() : FrameSpec{};
    spec.source_port = source_port;
    return spec;
}

TEST_F(FramePipelineTest, AFullBurstIsAnsweredInPlace) {
    std::vector<Octets> frames;
    for (uint8_t i = 0; i < kBurstMax; ++i)
        frames.push_back(make_udp_frame(spec_of(1000 + i, i % 2 == 1), message(1, i)));
    std::span<Packet> burst = packets(frames);
    ASSERT_EQ(pipeline_.process(burst, false), kBurstMax);
    EXPECT_EQ(answerer_.bursts, std::vector<size_t>{kBurstMax}) << "one burst, answered at once";
    for (uint8_t i = 0; i < kBurstMax; ++i) {
        ReplyFrame reply = read(burst[i]);
        ASSERT_EQ(reply.error, "");
        EXPECT_EQ(reply.destination_port, 1000 + i) << "in the order in which they came";
        EXPECT_EQ(reply.source_port, 53);
        EXPECT_EQ(reply.payload, message(1, static_cast<uint8_t>(i + 1)));
        EXPECT_EQ(reply.source, i % 2 == 1 ? kHost6 : kHost4);
    }
    EXPECT_EQ(polls_->frames_received.load(), kBurstMax);
    EXPECT_EQ(polls_->sampled_frames.load(), 0u);
}

TEST_F(FramePipelineTest, RepliesComeFirstAndNoPacketIsLost) {
    FrameSpec elsewhere = spec_of(4);
    elsewhere.destination = "192.0.2.99";
    FrameSpec asking;
    asking.to = kBroadcastMac;
    std::vector<Octets> frames = {make_udp_frame(elsewhere, message(1, 1)),
                                  make_udp_frame(spec_of(5), message(kSilent, 1)),
                                  make_udp_frame(spec_of(6), message(1, 1)),
                                  make_arp_request(asking, kClient4, kHost4),
                                  {1, 2, 3},
                                  make_udp_frame(spec_of(7, true), message(1, 1))};
    std::span<Packet> burst = packets(frames);
    std::set<void*> before, after;
    for (const Packet& packet : burst) before.insert(packet.buffer);
    ASSERT_EQ(pipeline_.process(burst, false), 3u);
    for (const Packet& packet : burst) after.insert(packet.buffer);
    EXPECT_EQ(after, before) << "each buffer once, to be sent or to be given back";

    std::multiset<uint16_t> ports, types;
    for (const Packet& packet : burst.first(3)) {
        ReplyFrame reply = read(packet);
        EXPECT_EQ(reply.error, "");
        EXPECT_EQ(reply.to, kClientMac);
        ports.insert(reply.destination_port);
        types.insert(reply.type);
    }
    EXPECT_EQ(types, (std::multiset<uint16_t>{0x0800, 0x0806, 0x86dd}));
    EXPECT_EQ(ports, (std::multiset<uint16_t>{0, 6, 7}));
    EXPECT_EQ(dropped(Drop::frame_destination), 1u);
    EXPECT_EQ(dropped(Drop::frame_malformed), 1u);
    EXPECT_EQ(polls_->neighbor_replies.load(), 1u);
    EXPECT_EQ(polls_->frames_received.load(), frames.size());
}

TEST_F(FramePipelineTest, NothingToAnswer) {
    EXPECT_EQ(pipeline_.process({}, true), 0u);
    EXPECT_EQ(pipeline_.process(packets({{}, Octets(14), Octets(1514)}), true), 0u);
    EXPECT_EQ(dropped(Drop::frame_malformed) + dropped(Drop::frame_protocol), 3u);
}

TEST_F(FramePipelineTest, TheTagAndTheMtuAreKept) {
    FrameSpec spec = spec_of(9);
    spec.tags = {{0x8100, 0x6007}};
    std::span<Packet> burst = packets({make_udp_frame(spec, message(1, 1))});
    ASSERT_EQ(pipeline_.process(burst, false), 1u);
    ReplyFrame reply = read(burst[0]);
    ASSERT_EQ(reply.tags.size(), 1u);
    EXPECT_EQ(reply.tags[0].control & 0xfff, 7);
    EXPECT_EQ(answerer_.capacity, 1500u - 20 - 8);
    ASSERT_EQ(pipeline_.process(packets({make_udp_frame(ipv6_spec(), message(1, 1))}), false), 1u);
    EXPECT_EQ(answerer_.capacity, 1500u - 40 - 8);
}

TEST_F(FramePipelineTest, ADeviceIsToldWhereTheChecksumGoes) {
    FramePipelineOptions options;
    options.checksums_offloaded = true;
    FramePipeline pipeline(options, host_, answerer_, *counters_, *polls_);
    FrameSpec spec = ipv6_spec();
    spec.tags = {{0x8100, 5}};
    std::span<Packet> burst =
        packets({make_udp_frame(spec_of(1), message(1, 1)), make_udp_frame(spec, message(1, 1))});
    ASSERT_EQ(pipeline.process(burst, false), 2u);
    for (const Packet& packet : burst)
        EXPECT_EQ(read_frame(packet.data, packet.length, true).error, "");
    EXPECT_EQ((std::vector<int>{burst[0].offload_link, burst[0].offload_ip, burst[0].offload_ipv6}),
              (std::vector<int>{14, 20, 0}));
    EXPECT_EQ((std::vector<int>{burst[1].offload_link, burst[1].offload_ip, burst[1].offload_ipv6}),
              (std::vector<int>{18, 40, 1}));
}

TEST_F(FramePipelineTest, StagesAreMeasuredWhereAsked) {
    std::vector<Octets> frames(8, make_udp_frame(spec_of(1), message(1, 1)));
    ASSERT_EQ(pipeline_.process(packets(frames), true), 8u);
    EXPECT_EQ(polls_->sampled_frames.load(), 8u);
    for (storage::PollStage stage :
         {storage::PollStage::decode, storage::PollStage::answer, storage::PollStage::encode})
        EXPECT_GT(polls_->stage_cycles[static_cast<size_t>(stage)].load(), 0u);
}

}  // namespace
}  // namespace gatepost::tests
