// Reply frames, read by a decoder of the tests' own.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/net/round_trip.h"

namespace gatepost::tests {
namespace {

using dataplane::Family;
using dataplane::FrameKind;
using dataplane::FrameQuery;

std::vector<FrameSpec> every_shape() {
    std::vector<FrameSpec> shapes;
    const std::vector<std::vector<VlanTag>> kTags = {
        {}, {{0x8100, 0xe123}}, {{0x88a8, 0x0fff}, {0x8100, 0x1001}}};
    for (const std::vector<VlanTag>& tags : kTags) {
        for (size_t options = 0; options <= 40; options += 4) {
            FrameSpec spec;
            spec.tags = tags;
            spec.options = Octets(options, 1);
            shapes.push_back(spec);
        }
        for (size_t body : {0U, 6U, 14U, 30U, 246U}) {
            FrameSpec spec = ipv6_spec();
            spec.tags = tags;
            if (body > 0) spec.extensions = {{60, Octets(body)}};
            shapes.push_back(spec);
        }
    }
    return shapes;
}

void expect_answered(const FrameSpec& spec, const Outcome& outcome) {
    ASSERT_EQ(outcome.kind, FrameKind::dns);
    const ReplyFrame& reply = outcome.reply;
    ASSERT_EQ(reply.error, "");
    EXPECT_EQ(reply.to, spec.from);
    EXPECT_EQ(reply.from, spec.to);
    ASSERT_EQ(reply.tags.size(), spec.tags.size());
    for (size_t i = 0; i < spec.tags.size(); ++i) {
        EXPECT_EQ(reply.tags[i].type, spec.tags[i].type);
        EXPECT_EQ(reply.tags[i].control, spec.tags[i].control);
    }
    EXPECT_EQ(reply.source, spec.destination);
    EXPECT_EQ(reply.destination, spec.source);
    EXPECT_EQ(reply.hop_limit, 64);
    EXPECT_EQ(reply.protocol, 17);
    EXPECT_EQ(reply.source_port, spec.destination_port);
    EXPECT_EQ(reply.destination_port, spec.source_port);
    EXPECT_EQ(reply.payload, outcome.sent);
}

TEST(Encode, EveryShapeOfHeadersAtManyLengths) {
    std::mt19937 random(4);
    for (const FrameSpec& spec : every_shape()) {
        const Octets frame = make_udp_frame(spec);
        for (size_t length : {0U, 1U, 7U, 8U, 12U, 50U, 151U, 512U, 1231U, 1232U, 1472U}) {
            RoundTripOptions options;
            options.spare = 2048;
            options.reply = Octets(length);
            for (uint8_t& octet : options.reply) octet = static_cast<uint8_t>(random());
            for (bool offload : {false, true}) {
                options.checksum_offload = offload;
                expect_answered(spec, round_trip(frame, make_host(), options));
            }
        }
    }
}

TEST(Encode, BeginsFurtherOnWithoutOptionsAndExtensions) {
    for (const FrameSpec& spec : every_shape()) {
        size_t extra = spec.options.size();
        for (const ExtensionHeader& extension : spec.extensions) extra += extension.body.size() + 2;
        EXPECT_EQ(round_trip(make_udp_frame(spec), make_host()).encoded.at, extra);
    }
}

TEST(Encode, SendsAChecksumOfZeroAsOnes) {
    for (const FrameSpec& spec : {FrameSpec{}, ipv6_spec()}) {
        // The last two octets run through every value, so one of them makes the sum ffff.
        RoundTripOptions options;
        options.reply = Octets(14);
        bool seen = false;
        for (size_t value = 0; value <= 0xffff && !seen; ++value) {
            put16(options.reply, 12, value);
            Octets covered = pseudo_header(spec.destination, spec.source, 17, 22);
            const Octets header = {0, 53, 40000 >> 8, 40000 & 0xff, 0, 22, 0, 0};
            covered.insert(covered.end(), header.begin(), header.end());
            covered.insert(covered.end(), options.reply.begin(), options.reply.end());
            if (naive_checksum(covered) != 0) continue;
            seen = true;
            expect_answered(spec, round_trip(make_udp_frame(spec), make_host(), options));
        }
        EXPECT_TRUE(seen);
    }
}

TEST(Encode, IsRightWhateverTheAddressesAre) {
    std::mt19937 random(5);
    for (int i = 0; i < 2000; ++i) {
        FrameSpec spec;
        spec.source = std::to_string(1 + random() % 126) + "." + std::to_string(random() % 256) +
                      "." + std::to_string(random() % 256) + "." + std::to_string(random() % 256);
        spec.source_port = static_cast<uint16_t>(1 + random() % 65535);
        expect_answered(spec, round_trip(make_udp_frame(spec), make_host()));
    }
}

TEST(ReplyCapacity, IsTheLeastOfMtuAndBuffer) {
    const FrameQuery ipv4{.payload_at = 42, .family = Family::ipv4};
    const FrameQuery ipv6{.payload_at = 62, .family = Family::ipv6};
    EXPECT_EQ(reply_capacity(ipv4, 1500, 2048), 1472);
    EXPECT_EQ(reply_capacity(ipv6, 1500, 2048), 1452);
    EXPECT_EQ(reply_capacity(ipv4, 1280, 2048), 1252);
    EXPECT_EQ(reply_capacity(ipv6, 1280, 2048), 1232);
    EXPECT_EQ(reply_capacity(ipv4, 9000, 2048), 2048 - 42);
    EXPECT_EQ(reply_capacity(ipv4, 9000, 42), 0);
    EXPECT_EQ(reply_capacity(ipv4, 9000, 20), 0);
    EXPECT_EQ(reply_capacity(ipv4, 20, 2048), 0);
    EXPECT_EQ(reply_capacity(ipv4, 1 << 20, 1 << 20), 65535 - 22 - 28);
}

TEST(ReplyCapacity, FillsTheMtuExactly) {
    for (const FrameSpec& spec : every_shape()) {
        RoundTripOptions options;
        options.spare = 4096;
        options.reply = Octets(4000, 0x5a);
        const Outcome outcome = round_trip(make_udp_frame(spec), make_host(), options);
        expect_answered(spec, outcome);
        EXPECT_EQ(outcome.encoded.length, 14 + 4 * spec.tags.size() + 1500);
    }
}

TEST(FrameQuery, IsSmall) {
    EXPECT_LE(sizeof(FrameQuery), 32U);
}

}  // namespace
}  // namespace gatepost::tests
