// Which frames are taken for queries, and why others are dropped.
#include <gtest/gtest.h>

#include "tests/unit/net/round_trip.h"

namespace gatepost::tests {
namespace {

using dataplane::FrameKind;
using dataplane::HostAddresses;
using storage::Drop;

// Octets into a frame without tags and options.
constexpr size_t kIpAt = 14;
constexpr size_t kUdpAt4 = 34;
constexpr size_t kUdpAt6 = 54;

void expect_query(const Octets& frame, const HostAddresses& host = make_host()) {
    const Outcome outcome = round_trip(frame, host);
    ASSERT_EQ(outcome.kind, FrameKind::dns) << "dropped: " << static_cast<int>(outcome.why);
    EXPECT_EQ(outcome.payload, make_dns_query());
    EXPECT_EQ(outcome.reply.error, "");
}

void expect_decode_drop(const Octets& frame, Drop why, const HostAddresses& host = make_host()) {
    const Outcome outcome = round_trip(frame, host);
    ASSERT_EQ(outcome.kind, FrameKind::drop);
    EXPECT_EQ(static_cast<int>(outcome.why), static_cast<int>(why));
}

// After a change in the IPv4 header.
void seal_ipv4(Octets& frame) {
    put16(frame, kIpAt + 10, 0);
    const auto header = frame.begin() + kIpAt;
    put16(frame, kIpAt + 10, naive_checksum(Octets(header, header + 4 * (*header & 0xf))));
}

FrameSpec with(FrameSpec spec, void (*change)(FrameSpec&)) {
    change(spec);
    return spec;
}

TEST(Decode, TakesPlainQueries) {
    for (const FrameSpec& spec : {FrameSpec{}, ipv6_spec()}) {
        const Outcome outcome = round_trip(make_udp_frame(spec), make_host());
        ASSERT_EQ(outcome.kind, FrameKind::dns);
        EXPECT_EQ(outcome.payload, make_dns_query());
        EXPECT_EQ(outcome.client, address_octets(spec.source));
        EXPECT_EQ(outcome.query.link_length, 14);
    }
}

TEST(Decode, TakesAnEmptyDatagramAndLeavesItToTheResponder) {
    for (const FrameSpec& spec : {FrameSpec{}, ipv6_spec()}) {
        const Outcome outcome = round_trip(make_udp_frame(spec, {}), make_host());
        ASSERT_EQ(outcome.kind, FrameKind::dns);
        EXPECT_EQ(outcome.query.payload_length, 0);
    }
}

TEST(Decode, TakesTaggedFrames) {
    const std::vector<VlanTag> kTags[] = {{{0x8100, 0x6007}},
                                          {{0x88a8, 100}},
                                          {{0x88a8, 100}, {0x8100, 0x2fff}},
                                          {{0x8100, 1}, {0x8100, 2}},
                                          {{0x9100, 1}, {0x8100, 2}}};
    for (FrameSpec spec : {FrameSpec{}, ipv6_spec()})
        for (const std::vector<VlanTag>& tags : kTags) {
            spec.tags = tags;
            expect_query(make_udp_frame(spec));
        }
    FrameSpec three;
    three.tags = {{0x8100, 1}, {0x8100, 2}, {0x8100, 3}};
    expect_decode_drop(make_udp_frame(three), Drop::frame_protocol);
}

TEST(Decode, TakesIpv4Options) {
    FrameSpec spec;
    for (size_t length = 4; length <= 40; length += 4) {
        spec.options = Octets(length, 1);
        expect_query(make_udp_frame(spec));
    }
}

TEST(Decode, TakesAnyTtlAndPadding) {
    for (FrameSpec spec : {FrameSpec{}, ipv6_spec()}) {
        spec.padding = 18;
        for (uint8_t hop_limit : {0, 1, 255}) {
            spec.hop_limit = hop_limit;
            expect_query(make_udp_frame(spec));
        }
    }
}

TEST(Decode, TakesWhatIsBehindUdpInTheDatagramForPadding) {
    for (const FrameSpec& spec : {FrameSpec{}, ipv6_spec()}) {
        Octets frame = make_udp_frame(spec);
        frame.insert(frame.end(), 4, 0x77);
        if (spec.source == kClient4) {
            put16(frame, kIpAt + 2, frame.size() - kIpAt);
            seal_ipv4(frame);
        } else {
            put16(frame, kIpAt + 4, frame.size() - kIpAt - 40);
        }
        expect_query(frame);
    }
}

TEST(Decode, DropsOtherProtocols) {
    Octets frame = make_udp_frame({});
    for (uint16_t type : {0x0000, 0x0026, 0x0805, 0x8847, 0x88cc, 0xffff}) {
        put16(frame, 12, type);
        expect_decode_drop(frame, Drop::frame_protocol);
    }
    for (uint8_t protocol : {0, 2, 6, 50, 132, 255}) {
        expect_decode_drop(make_ip_frame({}, protocol, Octets(40)), Drop::frame_protocol);
        if (protocol == 0) continue;  // hop-by-hop options in IPv6
        expect_decode_drop(make_ip_frame(ipv6_spec(), protocol, Octets(40)), Drop::frame_protocol);
    }
    for (FrameSpec spec : {FrameSpec{}, ipv6_spec()}) {
        spec.destination_port = 5353;
        expect_decode_drop(make_udp_frame(spec), Drop::frame_protocol);
    }
}

TEST(Decode, AnswersNothingButDnsBehindAFilter) {
    const HostAddresses filtered = make_host(false);
    for (const FrameSpec& spec : {FrameSpec{}, ipv6_spec()}) {
        expect_query(make_udp_frame(spec), filtered);
        expect_decode_drop(make_echo(spec, 8), Drop::frame_protocol, filtered);
    }
    expect_decode_drop(make_arp_request({}, kClient4, kHost4), Drop::frame_protocol, filtered);
    FrameSpec unicast = ipv6_spec();
    unicast.hop_limit = 255;
    Octets solicitation = {135, 0, 0, 0, 0, 0, 0, 0};
    const Octets target = address_octets(kHost6);
    solicitation.insert(solicitation.end(), target.begin(), target.end());
    expect_decode_drop(make_icmp_frame(unicast, solicitation), Drop::frame_protocol, filtered);
}

TEST(Decode, TrustsTheFilterWithTheDestination) {
    FrameSpec spec;
    spec.to = {2, 9, 9, 9, 9, 9};
    spec.destination = "203.0.113.1";
    FrameSpec spec6 = ipv6_spec();
    spec6.to = spec.to;
    spec6.destination = "2001:db8:9::1";
    for (const FrameSpec& each : {spec, spec6}) {
        expect_query(make_udp_frame(each), make_host(false));
        expect_decode_drop(make_udp_frame(each), Drop::frame_destination);
    }
}

TEST(Decode, DropsWhatIsForAnotherHost) {
    const FrameSpec kWrong[] = {
        with({}, [](FrameSpec& spec) { spec.to = {2, 0, 0, 0, 0, 0x54}; }),
        with({}, [](FrameSpec& spec) { spec.destination = "192.0.2.52"; }),
        with(ipv6_spec(), [](FrameSpec& spec) { spec.to = {2, 0, 0, 0, 0, 0x54}; }),
        with(ipv6_spec(), [](FrameSpec& spec) { spec.destination = "2001:db8::52"; })};
    for (const FrameSpec& spec : kWrong)
        expect_decode_drop(make_udp_frame(spec), Drop::frame_destination);
}

TEST(Decode, DropsMulticastAndBroadcastWithAndWithoutAFilter) {
    const FrameSpec kWrong[] = {
        with({}, [](FrameSpec& spec) { spec.to = kBroadcastMac; }),
        with({}, [](FrameSpec& spec) { spec.to = {1, 0, 0x5e, 0, 0, 0xfb}; }),
        with({}, [](FrameSpec& spec) { spec.destination = "224.0.0.251"; }),
        with({}, [](FrameSpec& spec) { spec.destination = "240.0.0.1"; }),
        with({}, [](FrameSpec& spec) { spec.destination = "255.255.255.255"; }),
        with(ipv6_spec(), [](FrameSpec& spec) { spec.to = {0x33, 0x33, 0, 0, 0, 1}; }),
        with(ipv6_spec(), [](FrameSpec& spec) { spec.destination = "ff02::fb"; })};
    for (const FrameSpec& spec : kWrong)
        for (bool all_frames : {false, true})
            expect_decode_drop(make_udp_frame(spec), Drop::frame_destination,
                               make_host(all_frames));
}

TEST(Decode, DropsSourcesThatNoReplyMayGoTo) {
    for (const char* source :
         {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "224.0.0.1", "239.1.1.1",
          "240.0.0.1", "255.255.255.255", "192.0.2.53", "192.0.2.54"})
        for (bool all_frames : {false, true}) {
            FrameSpec spec;
            spec.source = source;
            expect_decode_drop(make_udp_frame(spec), Drop::frame_source, make_host(all_frames));
        }
    for (const char* source :
         {"::", "::1", "::ffff:198.51.100.7", "ff02::1", "ff0e::1", "2001:db8::53", "2001:db8::54"})
        for (bool all_frames : {false, true}) {
            FrameSpec spec = ipv6_spec();
            spec.source = source;
            expect_decode_drop(make_udp_frame(spec), Drop::frame_source, make_host(all_frames));
        }
}

TEST(Decode, TakesSourcesBesideThem) {
    for (const char* source : {"1.0.0.0", "126.255.255.255", "128.0.0.0", "223.255.255.255",
                               "10.0.0.255", "192.0.2.52"}) {
        FrameSpec spec;
        spec.source = source;
        expect_query(make_udp_frame(spec));
    }
    for (const char* source :
         {"fe80::1", "fec0::1", "::2", "0:0:0:1::", "fe00::", "2001:db8::52"}) {
        FrameSpec spec = ipv6_spec();
        spec.source = source;
        expect_query(make_udp_frame(spec));
    }
}

TEST(Decode, DropsSourceEqualToDestination) {
    HostAddresses nobody = make_host(false);
    FrameSpec spec;
    spec.source = spec.destination = "203.0.113.9";
    expect_decode_drop(make_udp_frame(spec), Drop::frame_source, nobody);
    spec.source = spec.destination = "2001:db8:7::9";
    expect_decode_drop(make_udp_frame(spec), Drop::frame_source, nobody);
}

TEST(Decode, DropsGroupMacSourcesAndPortZero) {
    for (FrameSpec spec : {FrameSpec{}, ipv6_spec()}) {
        spec.source_port = 0;
        expect_decode_drop(make_udp_frame(spec), Drop::source_port_zero);
        spec.source_port = 1;
        expect_query(make_udp_frame(spec));
        spec.from = {3, 0, 0, 0, 0, 1};
        expect_decode_drop(make_udp_frame(spec), Drop::frame_source);
        spec.from = kBroadcastMac;
        expect_decode_drop(make_udp_frame(spec), Drop::frame_source);
    }
}

TEST(Decode, DropsIpv4Fragments) {
    FrameSpec spec;
    for (uint16_t fragment : {0x2000, 0x0001, 0x1fff, 0x2001, 0x6000}) {
        spec.fragment = fragment;
        expect_decode_drop(make_udp_frame(spec), Drop::frame_fragment);
    }
    spec.fragment = 0x4000;  // forbids fragments, is none
    expect_query(make_udp_frame(spec));
}

TEST(Decode, DropsIpv4LengthsThatCannotBe) {
    const Octets valid = make_udp_frame({});
    const size_t total = valid.size() - kIpAt;
    for (size_t wrong : {size_t{0}, size_t{19}, size_t{27}, total + 1, size_t{65535}}) {
        Octets frame = valid;
        put16(frame, kIpAt + 2, wrong);
        seal_ipv4(frame);
        expect_decode_drop(frame, Drop::frame_malformed);
    }
    for (uint8_t version_and_length : {0x40, 0x44, 0x35, 0x65, 0x00, 0x4f}) {
        Octets frame = make_udp_frame({}, Octets(2));  // shorter than 60 octets of header
        frame[kIpAt] = version_and_length;
        expect_decode_drop(frame, Drop::frame_malformed);
    }
}

TEST(Decode, DropsUdpLengthsThatCannotBe) {
    for (const FrameSpec& spec : {FrameSpec{}, ipv6_spec()}) {
        const Octets valid = make_udp_frame(spec);
        const size_t udp_at = spec.source == kClient4 ? kUdpAt4 : kUdpAt6;
        const size_t length = valid.size() - udp_at;
        for (size_t wrong : {size_t{0}, size_t{7}, length + 1, size_t{65535}}) {
            Octets frame = valid;
            put16(frame, udp_at + 4, wrong);
            frame.insert(frame.end(), 8, 0);  // padding does not make it right
            expect_decode_drop(frame, Drop::frame_malformed);
        }
        expect_decode_drop(make_ip_frame(spec, 17, Octets(7)), Drop::frame_malformed);
        expect_decode_drop(make_ip_frame(spec, 17, {}), Drop::frame_malformed);
    }
}

TEST(Decode, DropsIpv6LengthsThatCannotBe) {
    const Octets valid = make_udp_frame(ipv6_spec());
    for (size_t wrong : {valid.size() - kUdpAt6 + 1, size_t{65535}, size_t{7}, size_t{0}}) {
        Octets frame = valid;
        put16(frame, kIpAt + 4, wrong);
        expect_decode_drop(frame, Drop::frame_malformed);
    }
    Octets frame = valid;
    frame[kIpAt] = 0x40;
    expect_decode_drop(frame, Drop::frame_malformed);
}

TEST(Decode, DropsWrongChecksums) {
    const Octets valid = make_udp_frame({});
    for (size_t at = kIpAt; at < valid.size(); ++at) {
        Octets frame = valid;
        frame[at] ^= 0x10;
        const Outcome outcome = round_trip(frame, make_host());
        ASSERT_EQ(outcome.kind, FrameKind::drop) << at;
        // The version and the lengths are looked at before the header's checksum.
        if ((at > kIpAt + 3 && at < kUdpAt4) || at >= kUdpAt4 + 6) {
            EXPECT_EQ(outcome.why, Drop::frame_checksum) << at;
        }
    }
    const Octets valid6 = make_udp_frame(ipv6_spec());
    for (size_t at = kUdpAt6 + 6; at < valid6.size(); ++at) {
        Octets frame = valid6;
        frame[at] ^= 0x01;
        expect_decode_drop(frame, Drop::frame_checksum);
    }
}

TEST(Decode, TakesPartialChecksumsOfPeersOnTheSameMachine) {
    for (const FrameSpec& spec : {FrameSpec{}, ipv6_spec()}) {
        Octets frame = make_udp_frame(spec);
        const size_t udp_at = spec.source == kClient4 ? kUdpAt4 : kUdpAt6;
        const size_t length = frame.size() - udp_at;
        const auto partial = static_cast<uint16_t>(
            ~naive_checksum(pseudo_header(spec.source, spec.destination, 17, length)));
        put16(frame, udp_at + 6, partial);
        expect_query(frame);
        put16(frame, udp_at + 6, partial ^ 1);
        expect_decode_drop(frame, Drop::frame_checksum);
    }
}

TEST(Decode, TakesNoChecksumOverIpv4Only) {
    for (bool verify : {false, true}) {
        HostAddresses host = make_host();
        host.verify_udp = verify;
        Octets frame = make_udp_frame({});
        put16(frame, kUdpAt4 + 6, 0);
        expect_query(frame, host);
        Octets frame6 = make_udp_frame(ipv6_spec());
        put16(frame6, kUdpAt6 + 6, 0);
        expect_decode_drop(frame6, Drop::frame_checksum, host);
    }
}

TEST(Decode, LeavesUdpChecksumsToADeviceThatVerifiesThem) {
    HostAddresses host = make_host();
    host.verify_udp = false;
    for (const FrameSpec& spec : {FrameSpec{}, ipv6_spec()}) {
        Octets frame = make_udp_frame(spec);
        put16(frame, (spec.source == kClient4 ? kUdpAt4 : kUdpAt6) + 6, 0x1234);
        expect_query(frame, host);
    }
    Octets frame = make_udp_frame({});
    frame[kIpAt + 8] ^= 1;  // the IPv4 header is always verified
    expect_decode_drop(frame, Drop::frame_checksum, host);
}

TEST(Decode, DropsEveryTruncation) {
    FrameSpec tagged = ipv6_spec();
    tagged.tags = {{0x88a8, 1}, {0x8100, 2}};
    tagged.extensions = {{0, Octets(6)}, {43, Octets(14)}};
    tagged.extensions[1].body[1] = 0;
    FrameSpec options;
    options.options = Octets(8, 1);
    const Octets kValid[] = {make_udp_frame({}),
                             make_udp_frame(ipv6_spec()),
                             make_udp_frame(tagged),
                             make_udp_frame(options),
                             make_echo({}, 9),
                             make_echo(ipv6_spec(), 9),
                             make_arp_request({}, kClient4, kHost4),
                             make_solicitation(ipv6_spec(), kHost6)};
    for (const Octets& valid : kValid) {
        ASSERT_NE(round_trip(valid, make_host()).kind, FrameKind::drop);
        for (size_t length = 0; length < valid.size(); ++length) {
            const Octets cut(valid.begin(), valid.begin() + static_cast<ptrdiff_t>(length));
            for (size_t spare : {0U, 200U}) {
                const Outcome outcome = round_trip(cut, make_host(), {.spare = spare});
                ASSERT_EQ(outcome.kind, FrameKind::drop) << length << " of " << valid.size();
                EXPECT_EQ(outcome.why, Drop::frame_malformed);
            }
        }
    }
}

TEST(Decode, DropsMoreThanAnyLinkCarries) {
    Octets frame = make_udp_frame({});
    const size_t length = frame.size();
    frame.resize(65535);
    expect_query(frame);
    for (size_t more : {size_t{0}, length, length + 100}) {
        frame.resize(65536 + more);
        expect_decode_drop(frame, Drop::frame_malformed);
    }
}

}  // namespace
}  // namespace gatepost::tests
