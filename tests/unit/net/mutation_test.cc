// Frames as no host sends them: whatever comes, nothing outside the buffer is touched, and what is
// answered is answered right.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/net/round_trip.h"

namespace gatepost::tests {
namespace {

using dataplane::FrameKind;

std::vector<Octets> valid_frames() {
    FrameSpec tagged = ipv6_spec();
    tagged.tags = {{0x88a8, 1}, {0x8100, 2}};
    tagged.extensions = {{0, Octets(6)}, {43, Octets(14)}, {60, {1, 4, 0, 0, 0, 0}}};
    FrameSpec options;
    options.options = Octets(8, 1);
    options.tags = {{0x8100, 3}};
    options.padding = 6;
    return {make_udp_frame({}),
            make_udp_frame(ipv6_spec()),
            make_udp_frame(tagged),
            make_udp_frame(options),
            make_echo({}, 9),
            make_echo(ipv6_spec(), 9),
            make_arp_request({}, kClient4, kHost4),
            make_solicitation(ipv6_spec(), kHost6)};
}

void mutate(Octets& frame, std::mt19937& random) {
    constexpr uint8_t kTelling[] = {0, 1, 4, 6, 8, 17, 44, 58, 60, 0x45, 0x7f, 0x80, 0xff};
    for (size_t times = 1 + random() % 3; times > 0 && !frame.empty(); --times) {
        uint8_t& octet = frame[random() % frame.size()];
        switch (random() % 4) {
            case 0:
                octet ^= static_cast<uint8_t>(1U << random() % 8);
                break;
            case 1:
                octet = kTelling[random() % std::size(kTelling)];
                break;
            case 2:
                octet = static_cast<uint8_t>(random());
                break;
            case 3:
                if (random() % 8 == 0) frame.resize(random() % (frame.size() + 1));
                break;
        }
    }
}

TEST(Mutation, AHundredThousandFrames) {
    const std::vector<Octets> frames = valid_frames();
    std::mt19937 random(6);
    size_t answered = 0;
    for (int i = 0; i < 100'000; ++i) {
        Octets frame = frames[random() % frames.size()];
        mutate(frame, random);
        // The IPv4 header's checksum would stop nearly all changes in it.
        if (i % 2 == 0 && frame.size() >= 34 && frame[12] == 8 && frame[14] == 0x45) {
            put16(frame, 24, 0);
            put16(frame, 24, naive_checksum(Octets(frame.begin() + 14, frame.begin() + 34)));
        }
        dataplane::HostAddresses host = make_host(random() % 4 != 0);
        host.verify_udp = random() % 2 == 0;
        const Outcome outcome = round_trip(frame, host, {.spare = random() % 64});
        if (outcome.kind == FrameKind::drop) continue;
        ASSERT_EQ(outcome.reply.error, "");
        ++answered;
    }
    EXPECT_GT(answered, 1000U);
}

TEST(Mutation, RandomOctets) {
    std::mt19937 random(7);
    for (int i = 0; i < 20'000; ++i) {
        Octets frame(random() % 200);
        for (uint8_t& octet : frame) octet = static_cast<uint8_t>(random());
        if (frame.size() >= 14 && i % 2 == 0) put16(frame, 12, i % 4 == 0 ? 0x86dd : 0x0800);
        round_trip(frame, make_host(i % 8 < 4), {.spare = 0});
    }
}

}  // namespace
}  // namespace gatepost::tests
