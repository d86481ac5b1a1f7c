// IPv6 extension headers in front of a query (RFC 8200 §4).
#include <gtest/gtest.h>

#include "tests/unit/net/round_trip.h"

namespace gatepost::tests {
namespace {

using dataplane::FrameKind;
using storage::Drop;

constexpr uint8_t kHopByHop = 0;
constexpr uint8_t kRouting = 43;
constexpr uint8_t kFragment = 44;
constexpr uint8_t kDestination = 60;

Octets with_extensions(std::vector<ExtensionHeader> extensions) {
    FrameSpec spec = ipv6_spec();
    spec.extensions = std::move(extensions);
    return make_udp_frame(spec);
}

// Options of 8 n + 6 octets, all padding.
Octets padding(size_t length) {
    return Octets(length, 0);
}

void expect_query(std::vector<ExtensionHeader> extensions) {
    const Outcome outcome = round_trip(with_extensions(std::move(extensions)), make_host());
    ASSERT_EQ(outcome.kind, FrameKind::dns) << "dropped: " << static_cast<int>(outcome.why);
    EXPECT_EQ(outcome.payload, make_dns_query());
    EXPECT_EQ(outcome.reply.error, "");
    EXPECT_EQ(outcome.reply.payload, outcome.sent);
}

void expect_extension_drop(const Octets& frame, Drop why) {
    // Without room behind the frame, for AddressSanitizer to see a read there.
    const Outcome outcome = round_trip(frame, make_host(), {.spare = 0});
    ASSERT_EQ(outcome.kind, FrameKind::drop);
    EXPECT_EQ(static_cast<int>(outcome.why), static_cast<int>(why));
}

TEST(Extensions, AreSkipped) {
    expect_query({{kHopByHop, padding(6)}});
    expect_query({{kHopByHop, {5, 2, 0, 0, 1, 0}}});  // router alert: may be ignored
    expect_query({{kDestination, {1, 4, 0, 0, 0, 0}}});
    expect_query({{kDestination, {0x3e, 4, 9, 9, 9, 9}}});  // unknown, to be skipped
    expect_query({{kRouting, {0, 0, 0, 0, 0, 0}}});         // type 0, done with
    expect_query({{kRouting, {4, 0, 0, 0, 0, 0}}});
    expect_query({{kHopByHop, padding(6)},
                  {kDestination, padding(14)},
                  {kRouting, Octets(22)},
                  {kDestination, padding(6)}});
}

TEST(Extensions, AreBounded) {
    const ExtensionHeader eight = {kDestination, padding(6)};
    expect_query({eight, eight, eight, eight});
    expect_extension_drop(with_extensions({eight, eight, eight, eight, eight}),
                          Drop::frame_protocol);
    expect_query({{kDestination, padding(254)}});
    expect_extension_drop(with_extensions({{kDestination, padding(262)}}), Drop::frame_protocol);
    expect_extension_drop(with_extensions({{kDestination, padding(254)}, eight}),
                          Drop::frame_protocol);
}

TEST(Extensions, OfFragmentsAreDropped) {
    expect_extension_drop(with_extensions({{kFragment, Octets(6)}}), Drop::frame_fragment);
    expect_extension_drop(
        with_extensions({{kHopByHop, padding(6)}, {kFragment, {0, 1, 0, 0, 0, 7}}}),
        Drop::frame_fragment);
}

TEST(Extensions, WithSegmentsLeftAreForAnotherHost) {
    expect_extension_drop(with_extensions({{kRouting, {0, 1, 0, 0, 0, 0}}}),
                          Drop::frame_destination);
    expect_extension_drop(with_extensions({{kRouting, {4, 255, 0, 0, 0, 0}}}),
                          Drop::frame_destination);
}

TEST(Extensions, HopByHopComesFirst) {
    expect_extension_drop(with_extensions({{kDestination, padding(6)}, {kHopByHop, padding(6)}}),
                          Drop::frame_malformed);
}

TEST(Extensions, WithOptionsThatForbidUseAreDropped) {
    for (uint8_t type : {0x40, 0x80, 0xc0, 0xc2, 0xc9})
        expect_extension_drop(with_extensions({{kDestination, {type, 4, 0, 0, 0, 0}}}),
                              Drop::frame_protocol);
}

TEST(Extensions, WithOptionsThatAreCutOffAreDropped) {
    expect_extension_drop(with_extensions({{kDestination, {1, 5, 0, 0, 0, 0}}}),
                          Drop::frame_malformed);
    expect_extension_drop(with_extensions({{kDestination, {1, 255, 0, 0, 0, 0}}}),
                          Drop::frame_malformed);
    expect_extension_drop(with_extensions({{kHopByHop, {0, 0, 0, 0, 0, 1}}}),
                          Drop::frame_malformed);
}

TEST(Extensions, LongerThanTheDatagramAreDropped) {
    Octets frame = with_extensions({{kDestination, padding(6)}});
    constexpr size_t kLengthAt = 14 + 40 + 1;
    frame[kLengthAt] = 20;
    expect_extension_drop(frame, Drop::frame_malformed);
    frame[kLengthAt] = 255;
    expect_extension_drop(frame, Drop::frame_malformed);
    for (uint8_t kind : {kHopByHop, kDestination, kRouting})
        for (size_t length : {0U, 1U, 7U})
            expect_extension_drop(make_ip_frame(ipv6_spec(), kind, Octets(length)),
                                  Drop::frame_malformed);
}

TEST(Extensions, ThatEndTheChainCarryNothing) {
    FrameSpec spec = ipv6_spec();
    spec.extensions = {{kDestination, padding(6)}};
    for (uint8_t next : {59, 50, 51, 6})
        expect_extension_drop(make_ip_frame(spec, next, Octets(24)), Drop::frame_protocol);
}

}  // namespace
}  // namespace gatepost::tests
