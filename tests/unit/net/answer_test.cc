// Frames that are answered without DNS: echo, ARP, neighbor discovery.
#include <gtest/gtest.h>

#include "tests/unit/net/round_trip.h"

namespace gatepost::tests {
namespace {

using dataplane::FrameKind;
using storage::Drop;

constexpr size_t kMessageAt6 = 54;  // octets into a frame without tags and extensions

Octets joined(std::initializer_list<Octets> parts) {
    Octets all;
    for (const Octets& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

void expect_drop(const Octets& frame, Drop why, const RoundTripOptions& options = {}) {
    const Outcome outcome = round_trip(frame, make_host(), options);
    ASSERT_EQ(outcome.kind, FrameKind::drop);
    EXPECT_EQ(static_cast<int>(outcome.why), static_cast<int>(why));
}

TEST(Echo, ComesBackWithItsData) {
    for (FrameSpec spec : {FrameSpec{}, ipv6_spec()}) {
        const bool v6 = spec.source == kClient6;
        for (size_t length : {0U, 1U, 56U, 1452U}) {
            for (bool extra : {false, true}) {
                if (extra && v6) spec.extensions = {{60, Octets(6)}};
                if (extra && !v6) spec.options = Octets(8, 1);
                spec.tags.assign(extra ? 1 : 0, VlanTag{0x8100, 9});
                const Octets frame = make_echo(spec, length);
                const Outcome outcome = round_trip(frame, make_host(), {.spare = 0});
                ASSERT_EQ(outcome.kind, FrameKind::reply);
                const ReplyFrame& reply = outcome.reply;
                ASSERT_EQ(reply.error, "");
                EXPECT_EQ(reply.to, kClientMac);
                EXPECT_EQ(reply.from, kHostMac);
                EXPECT_EQ(reply.tags.size(), spec.tags.size());
                EXPECT_EQ(reply.source, spec.destination);
                EXPECT_EQ(reply.destination, spec.source);
                EXPECT_EQ(reply.hop_limit, 64);
                EXPECT_EQ(reply.payload.at(0), v6 ? 129 : 0);
                ASSERT_EQ(reply.payload.size(), 8 + length);
                EXPECT_TRUE(std::equal(reply.payload.begin() + 4, reply.payload.end(),
                                       frame.end() - static_cast<ptrdiff_t>(length) - 4));
            }
            spec.extensions.clear();
            spec.options.clear();
        }
    }
}

TEST(Echo, LeavesOutPadding) {
    FrameSpec spec;
    spec.padding = 10;
    const Outcome outcome = round_trip(make_echo(spec, 8), make_host());
    ASSERT_EQ(outcome.kind, FrameKind::reply);
    EXPECT_EQ(outcome.encoded.length, 14 + 20 + 16);
    EXPECT_EQ(outcome.reply.error, "");
}

TEST(Echo, IsDroppedWhereItIsWrong) {
    for (const FrameSpec& spec : {FrameSpec{}, ipv6_spec()}) {
        const bool v6 = spec.source == kClient6;
        Octets frame = make_echo(spec, 20);
        frame.back() ^= 1;
        expect_drop(frame, Drop::frame_checksum);
        expect_drop(make_echo(spec, 1500), Drop::reply_overflow);
        const uint8_t request = v6 ? 128 : 8;
        expect_drop(make_icmp_frame(spec, {request, 1, 0, 0, 0, 0, 0, 0}), Drop::frame_protocol);
        for (uint8_t type : {0, 3, 5, 13, 129, 133, 134, 136, 137})
            expect_drop(make_icmp_frame(spec, {type, 0, 0, 0, 0, 0, 0, 0}), Drop::frame_protocol);
        expect_drop(make_icmp_frame(spec, {request, 0, 0, 0, 0, 0, 0}), Drop::frame_malformed);
        FrameSpec wrong = spec;
        wrong.source = v6 ? "::1" : "127.0.0.1";
        expect_drop(make_echo(wrong, 8), Drop::frame_source);
        wrong = spec;
        wrong.destination = v6 ? "ff02::1" : "255.255.255.255";
        expect_drop(make_echo(wrong, 8), Drop::frame_destination);
        wrong = spec;
        wrong.to = kBroadcastMac;
        expect_drop(make_echo(wrong, 8), Drop::frame_destination);
    }
}

TEST(Arp, AnswersRequests) {
    for (const Octets& to : {kBroadcastMac, kHostMac}) {
        // 0.0.0.0: a host that wants the address asks whether it is free.
        for (const char* sender : {kClient4, "0.0.0.0"}) {
            FrameSpec spec;
            spec.to = to;
            spec.padding = 18;
            spec.tags = {{0x8100, 7}};
            const Outcome outcome =
                round_trip(make_arp_request(spec, sender, "192.0.2.54"), make_host());
            ASSERT_EQ(outcome.kind, FrameKind::reply);
            EXPECT_EQ(outcome.encoded.at, 0);
            EXPECT_EQ(outcome.reply.to, kClientMac);
            EXPECT_EQ(outcome.reply.from, kHostMac);
            ASSERT_EQ(outcome.reply.tags.size(), 1U);
            EXPECT_EQ(outcome.reply.type, 0x0806);
            EXPECT_EQ(outcome.reply.payload, joined({{0, 1, 8, 0, 6, 4, 0, 2},
                                                     kHostMac,
                                                     address_octets("192.0.2.54"),
                                                     kClientMac,
                                                     address_octets(sender)}));
        }
    }
}

TEST(Arp, IsDroppedWhereItIsOdd) {
    FrameSpec spec;
    spec.to = kBroadcastMac;
    expect_drop(make_arp_request(spec, kClient4, "192.0.2.99"), Drop::frame_destination);
    expect_drop(make_arp_request(spec, kHost4, kHost4), Drop::frame_source);  // gratuitous
    expect_drop(make_arp_request(spec, "192.0.2.54", kHost4), Drop::frame_source);
    expect_drop(make_arp_request(spec, "127.0.0.1", kHost4), Drop::frame_source);
    expect_drop(make_arp_request(spec, "224.0.0.1", kHost4), Drop::frame_source);
    expect_drop(make_arp_request(spec, "255.255.255.255", kHost4), Drop::frame_source);
    spec.to = {2, 0, 0, 0, 0, 9};
    expect_drop(make_arp_request(spec, kClient4, kHost4), Drop::frame_destination);
    spec.to = {1, 0, 0x5e, 0, 0, 1};
    expect_drop(make_arp_request(spec, kClient4, kHost4), Drop::frame_destination);
    spec.to = kHostMac;
    const Octets valid = make_arp_request(spec, kClient4, kHost4);
    // Hardware, protocol, lengths, operation: all but a request for Ethernet and IPv4.
    for (size_t at = 14; at < 22; ++at) {
        Octets frame = valid;
        frame[at] ^= 2;
        expect_drop(frame, Drop::frame_protocol);
    }
    Octets frame = valid;
    frame[22] |= 1;  // the sender's hardware address
    expect_drop(frame, Drop::frame_source);
}

void expect_advertisement(const Outcome& outcome, const char* target, const Octets& to,
                          const char* destination, uint8_t flags) {
    ASSERT_EQ(outcome.kind, FrameKind::reply) << static_cast<int>(outcome.why);
    ASSERT_EQ(outcome.reply.error, "");
    EXPECT_EQ(outcome.reply.to, to);
    EXPECT_EQ(outcome.reply.from, kHostMac);
    EXPECT_EQ(outcome.reply.source, target);
    EXPECT_EQ(outcome.reply.destination, destination);
    EXPECT_EQ(outcome.reply.hop_limit, 255);
    EXPECT_EQ(outcome.reply.protocol, 58);
    Octets message = outcome.reply.payload;
    put16(message, 2, 0);
    EXPECT_EQ(message,
              joined({{136, 0, 0, 0, flags, 0, 0, 0}, address_octets(target), {2, 1}, kHostMac}));
}

TEST(Neighbor, AnswersSolicitationsByMulticast) {
    for (const char* target : {kHost6, "2001:db8::54"}) {
        FrameSpec spec = ipv6_spec();
        for (int tags = 0; tags <= 2; ++tags) {
            spec.tags.assign(static_cast<size_t>(tags), VlanTag{0x8100, 5});
            expect_advertisement(round_trip(make_solicitation(spec, target), make_host()), target,
                                 kClientMac, kClient6, 0x60);
        }
    }
}

TEST(Neighbor, AnswersUnicastWithoutTheOption) {
    FrameSpec spec = ipv6_spec();
    spec.hop_limit = 255;
    const Octets message = joined({{135, 0, 0, 0, 0, 0, 0, 0}, address_octets(kHost6)});
    const Octets frame = make_icmp_frame(spec, message);
    expect_advertisement(round_trip(frame, make_host()), kHost6, kClientMac, kClient6, 0x60);
    // The advertisement is longer by its option.
    expect_advertisement(round_trip(frame, make_host(), {.spare = 8}), kHost6, kClientMac, kClient6,
                         0x60);
    expect_drop(frame, Drop::reply_overflow, {.spare = 7});
}

TEST(Neighbor, TellsAllNodesThatAnAddressIsTaken) {
    FrameSpec spec = ipv6_spec();
    spec.source = "::";
    expect_advertisement(round_trip(make_solicitation(spec, kHost6), make_host()), kHost6,
                         {0x33, 0x33, 0, 0, 0, 1}, "ff02::1", 0x20);
}

TEST(Neighbor, IsDroppedWhereItIsNotForUs) {
    const FrameSpec spec = ipv6_spec();
    expect_drop(make_solicitation(spec, "2001:db8::99"), Drop::frame_destination);
    Octets frame = make_solicitation(spec, kHost6);
    frame[5] ^= 1;  // another group's MAC address
    expect_drop(frame, Drop::frame_destination);
    FrameSpec other = spec;
    other.destination = "2001:db8::54";  // neither the target nor its group
    other.hop_limit = 255;
    expect_drop(
        make_icmp_frame(other, joined({{135, 0, 0, 0, 0, 0, 0, 0}, address_octets(kHost6)})),
        Drop::frame_destination);
    other.destination = kHost6;
    other.source = "::";  // a probe is never unicast
    expect_drop(
        make_icmp_frame(other, joined({{135, 0, 0, 0, 0, 0, 0, 0}, address_octets(kHost6)})),
        Drop::frame_destination);
    other = spec;
    for (const char* source : {"::1", "ff02::1", "2001:db8::54", "::ffff:1.2.3.4"}) {
        other.source = source;
        expect_drop(make_solicitation(other, kHost6), Drop::frame_source);
    }
}

TEST(Neighbor, IsDroppedWhereItIsNotValid) {
    FrameSpec spec = ipv6_spec();
    Octets frame = make_solicitation(spec, kHost6);
    frame[21] = 254;  // the hop limit: from beyond a router
    expect_drop(frame, Drop::frame_malformed);
    frame = make_solicitation(spec, kHost6);
    frame[kMessageAt6 + 4] ^= 1;
    expect_drop(frame, Drop::frame_checksum);
    frame = make_solicitation(spec, kHost6);
    frame[kMessageAt6 + 1] = 1;  // code
    expect_drop(frame, Drop::frame_malformed);
    for (uint8_t length : {0, 2}) {  // of the option
        frame = make_solicitation(spec, kHost6);
        frame[kMessageAt6 + 25] = length;
        expect_drop(frame, Drop::frame_malformed);
    }
    expect_drop(make_solicitation(spec, "ff02::1"), Drop::frame_malformed);
    spec.hop_limit = 255;
    expect_drop(make_icmp_frame(spec, joined({{135, 0, 0, 0}, Octets(19)})), Drop::frame_malformed);
    spec.source = "::";
    spec.destination = "ff02::1:ff00:53";
    spec.to = {0x33, 0x33, 0xff, 0, 0, 0x53};
    expect_drop(
        make_icmp_frame(
            spec, joined({{135, 0, 0, 0, 0, 0, 0, 0}, address_octets(kHost6), {1, 1}, kClientMac})),
        Drop::frame_malformed);
}

}  // namespace
}  // namespace gatepost::tests
