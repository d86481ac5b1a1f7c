// FrameTransport over a device that is a list of frames.
#include "tools/load/transport/frame_transport.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <set>

#include "tests/unit/load/frame_decoder.h"

namespace gatepost::tools {
namespace {

using Octets = std::vector<uint8_t>;

class FakeChannel final : public FrameChannel {
  public:
    static constexpr size_t kHeadroom = 128;
    static constexpr size_t kBuffer = 2048;

    size_t receive(std::span<Packet> into) override {
        size_t count = 0;
        while (count < into.size() && !arriving.empty()) {
            Packet packet = make();
            std::copy(arriving.front().begin(), arriving.front().end(), packet.data);
            packet.length = static_cast<uint16_t>(arriving.front().size());
            arriving.pop_front();
            into[count++] = packet;
        }
        return count;
    }
    size_t transmit(std::span<const Packet> packets) override {
        size_t count = std::min(packets.size(), room);
        for (const Packet& packet : packets.first(count))
            sent.emplace_back(packet.data, packet.data + packet.length);
        release(packets.first(count));
        return count;
    }
    size_t allocate(std::span<Packet> into) override {
        size_t count = std::min(into.size(), buffers);
        for (Packet& packet : into.first(count)) packet = make();
        return count;
    }
    void release(std::span<const Packet> packets) override {
        for (const Packet& packet : packets) {
            // Twice, or never given out.
            ASSERT_EQ(out.erase(static_cast<uint8_t*>(packet.buffer)), 1u);
            delete[] static_cast<uint8_t*>(packet.buffer);
        }
    }
    void wait(uint32_t) override {}

    std::deque<Octets> arriving;
    std::vector<Octets> sent;
    size_t room = 1000;     // of the device's ring
    size_t buffers = 1000;  // to allocate
    std::set<uint8_t*> out;

  private:
    Packet make() {
        auto* buffer = new uint8_t[kBuffer];
        out.insert(buffer);
        Packet packet;
        packet.buffer = buffer;
        packet.data = buffer + kHeadroom;
        packet.headroom = kHeadroom;
        packet.capacity = kBuffer - kHeadroom;
        return packet;
    }
};

class Frames : public testing::TestWithParam<bool> {
  protected:
    Frames()
        : templates_(*queries_from_text("www.example.org. A\nmail.example.org. MX\n", "q"), {},
                     frame_header_length(GetParam())) {
        addresses_.source_mac = {2, 0, 0, 0, 0, 1};
        addresses_.target_mac = {2, 0, 0, 0, 0, 2};
        addresses_.target = *ip_address_from_text(GetParam() ? "2001:db8::53" : "192.0.2.53");
        write_frame_headers(templates_, addresses_);
        IpAddress source = *ip_address_from_text(GetParam() ? "2001:db8::1" : "192.0.2.1");
        transport_ = std::make_unique<FrameTransport>(
            channel_, templates_, *SourceFlows::make(source, 2, 40'000, 4), addresses_, "fake");
    }
    ~Frames() override {
        transport_.reset();
        EXPECT_EQ(channel_.out.size(), 0u) << "packets were not given back";
    }

    size_t ip_length() const { return GetParam() ? 40 : 20; }
    size_t udp_at() const { return 14 + ip_length(); }

    // The frame sent, on its way back: addresses and ports the other way round, which leaves the
    // checksums as they were.
    Octets reflect(Octets frame) const {
        size_t length = GetParam() ? 16 : 4;
        size_t source = 14 + (GetParam() ? 8 : 12);
        std::swap_ranges(frame.begin(), frame.begin() + 6, frame.begin() + 6);
        auto at = [&](size_t offset) { return frame.begin() + static_cast<ptrdiff_t>(offset); };
        std::swap_ranges(at(source), at(source + length), at(source + length));
        std::swap_ranges(at(udp_at()), at(udp_at() + 2), at(udp_at() + 2));
        return frame;
    }
    Octets query(uint32_t flow, uint16_t id) {
        Outgoing out{0, flow, id};
        EXPECT_EQ(transport_->send({&out, 1}), 1u);
        Octets frame = channel_.sent.back();
        channel_.sent.pop_back();
        return frame;
    }
    std::vector<Incoming> receive() {
        std::vector<Incoming> in(kBurstMax);
        in.resize(transport_->receive(in).answers);
        return in;
    }

    FakeChannel channel_;
    TemplateSet templates_;
    FrameAddresses addresses_;
    std::unique_ptr<FrameTransport> transport_;
};

TEST_P(Frames, SendsQueries) {
    Outgoing out[3] = {{0, 0, 7}, {1, 5, 8}, {0, 7, 9}};
    EXPECT_EQ(transport_->send(out), 3u);
    ASSERT_EQ(channel_.sent.size(), 3u);
    DecodedFrame frame = decode(channel_.sent[1]);
    EXPECT_EQ(frame.id, 8u);
    EXPECT_EQ(frame.source_port, 40'001u);
    EXPECT_EQ(frame.source.back(), 2);
    EXPECT_EQ(frame.target_port, 53u);
}

TEST_P(Frames, SendsWhatTheDeviceTakes) {
    std::vector<Outgoing> out(10);
    channel_.room = 4;
    EXPECT_EQ(transport_->send(out), 4u);
    channel_.room = 100;
    channel_.buffers = 3;
    EXPECT_EQ(transport_->send(out), 3u);
    channel_.buffers = 0;
    EXPECT_EQ(transport_->send(out), 0u);
}

TEST_P(Frames, AnswersAreKnownByTheirFlow) {
    for (uint32_t flow = 0; flow < transport_->flows(); ++flow)
        channel_.arriving.push_back(reflect(query(flow, static_cast<uint16_t>(100 + flow))));
    std::vector<Incoming> in = receive();
    ASSERT_EQ(in.size(), 8u);
    for (uint32_t flow = 0; flow < in.size(); ++flow) {
        EXPECT_EQ(in[flow].flow, flow);
        EXPECT_EQ(load_be16(in[flow].message.data()), 100 + flow);
        EXPECT_EQ(in[flow].message.size(), templates_.message(templates_[0]).size());
    }
    EXPECT_TRUE(receive().empty());
}

TEST_P(Frames, OthersTrafficIsCountedByReason) {
    Octets good = reflect(query(0, 1));
    const auto with = [&](size_t at, uint8_t change) {
        Octets frame = good;
        frame[at] ^= change;
        channel_.arriving.push_back(frame);
    };
    with(udp_at() + 20, 1);    // the message
    with(udp_at() + 1, 1);     // from another port
    with(udp_at() + 2, 0x80);  // to another port
    with(udp_at() - 1, 0x80);  // to another host; the IPv4 checksum does not fit then
    with(udp_at() + 4, 0x80);  // longer than the frame
    channel_.arriving.emplace_back(good.begin(), good.begin() + 13);
    channel_.arriving.emplace_back(good.begin(), good.begin() + 30);
    EXPECT_TRUE(receive().empty());
    const TransportCounters& counters = transport_->counters();
    EXPECT_EQ(counters.bad_checksum, GetParam() ? 1u : 2u);
    EXPECT_EQ(counters.not_ours, GetParam() ? 3u : 2u);
    EXPECT_EQ(counters.truncated_frames, 3u);
    EXPECT_TRUE(channel_.sent.empty());
}

TEST_P(Frames, AnUnfinishedChecksumOfAPeerOnThisMachineIsRight) {
    Octets frame = reflect(query(0, 1));
    // What Linux leaves for a device to complete: the pseudo-header's sum.
    Octets covered(frame.begin() + (GetParam() ? 22 : 26),
                   frame.begin() + static_cast<ptrdiff_t>(udp_at()));
    size_t length = frame.size() - udp_at();
    for (size_t octet : {size_t{0}, size_t{17}, length / 256, length % 256})
        covered.push_back(static_cast<uint8_t>(octet));
    unsigned sum = ~plain_checksum(covered) & 0xffff;
    frame[udp_at() + 6] = static_cast<uint8_t>(sum >> 8);
    frame[udp_at() + 7] = static_cast<uint8_t>(sum);
    channel_.arriving.push_back(frame);
    // None at all is allowed in IPv4 only.
    frame[udp_at() + 6] = frame[udp_at() + 7] = 0;
    channel_.arriving.push_back(frame);
    EXPECT_EQ(receive().size(), GetParam() ? 1u : 2u);
    EXPECT_EQ(transport_->counters().bad_checksum, GetParam() ? 1u : 0u);
}
INSTANTIATE_TEST_SUITE_P(Ip, Frames, testing::Bool(),
                         [](const auto& is_ipv6) { return is_ipv6.param ? "v6" : "v4"; });

class FramesV4 : public Frames {};

TEST_P(FramesV4, AnswersArpForItsSources) {
    Octets request = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,   2, 8, 6,
                      0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,   0, 0, 2,
                      192,  0,    2,    53,   0,    0,    0, 0, 0, 0, 192, 0, 2, 2};
    channel_.arriving.push_back(request);
    request.back() = 3;  // not one of them
    channel_.arriving.push_back(request);
    EXPECT_TRUE(receive().empty());
    ASSERT_EQ(channel_.sent.size(), 1u);
    EXPECT_EQ(channel_.sent[0],
              (Octets{2, 0, 0, 0, 0, 2, 2, 0,   0, 0, 0, 1, 8, 6, 0, 1, 8, 0,   6, 4, 0,
                      2, 2, 0, 0, 0, 0, 1, 192, 0, 2, 2, 2, 0, 0, 0, 0, 2, 192, 0, 2, 53}));
    EXPECT_EQ(transport_->counters().neighbors, 1u);
    EXPECT_EQ(transport_->counters().not_ours, 1u);
}

TEST_P(FramesV4, AReplyThatTheDeviceDoesNotTakeIsGivenBack) {
    channel_.room = 0;
    channel_.arriving.push_back({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,   2, 8, 6,
                                 0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,   0, 0, 2,
                                 192,  0,    2,    53,   0,    0,    0, 0, 0, 0, 192, 0, 2, 1});
    EXPECT_TRUE(receive().empty());
    EXPECT_EQ(transport_->counters().neighbors, 0u);
}
INSTANTIATE_TEST_SUITE_P(Ip, FramesV4, testing::Values(false));

class FramesV6 : public Frames {};

TEST_P(FramesV6, AnswersNeighborSolicitations) {
    Octets source = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53};
    Octets target = source;
    target.back() = 1;
    Octets group = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 1};
    Octets message = {135, 0, 0, 0, 0, 0, 0, 0};
    message.insert(message.end(), target.begin(), target.end());
    for (uint8_t octet : {1, 1, 2, 0, 0, 0, 0, 2}) message.push_back(octet);
    Octets covered = source;
    covered.insert(covered.end(), group.begin(), group.end());
    for (uint8_t octet : {0, 58, 0, 32}) covered.push_back(octet);
    covered.insert(covered.end(), message.begin(), message.end());
    unsigned sum = plain_checksum(covered);
    message[2] = static_cast<uint8_t>(sum >> 8);
    message[3] = static_cast<uint8_t>(sum);
    Octets frame = {0x33, 0x33, 0xff, 0,    0, 1, 2, 0, 0,  0,  0,
                    2,    0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255};
    for (const Octets* part : {&source, &group, &message})
        frame.insert(frame.end(), part->begin(), part->end());
    channel_.arriving.push_back(frame);
    EXPECT_TRUE(receive().empty());
    ASSERT_EQ(channel_.sent.size(), 1u);
    const Octets& reply = channel_.sent[0];
    ASSERT_EQ(reply.size(), 14u + 40 + 32);
    EXPECT_EQ(Octets(reply.begin(), reply.begin() + 6), (Octets{2, 0, 0, 0, 0, 2}));
    EXPECT_EQ(reply[54], 136);
    EXPECT_EQ(Octets(reply.begin() + 62, reply.begin() + 78), target);
    EXPECT_EQ(Octets(reply.begin() + 80, reply.end()), (Octets{2, 0, 0, 0, 0, 1}));
}
INSTANTIATE_TEST_SUITE_P(Ip, FramesV6, testing::Values(true));

}  // namespace
}  // namespace gatepost::tools
