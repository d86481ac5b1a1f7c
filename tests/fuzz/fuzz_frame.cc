// Ethernet frames to the codec of the poll-mode path: whatever comes, nothing outside the buffer is
// touched, what is dropped stays as it was, and what is sent is a well-formed frame that fits the
// MTU, with every checksum right, to where a reply may go.
//
// The first octet of the input says how the rest arrives: bit 0 behind a filter for DNS, bit 1 with
// the UDP checksum verified by the device, bit 2 with the reply's left to it, bit 3 with the IPv4
// header's made right, bit 4 in a buffer without room behind the frame. The next two are the
// length of the DNS reply.
#include <algorithm>

#include "storage/base/check.h"
#include "tests/unit/net/round_trip.h"

using namespace gatepost;
using namespace gatepost::tests;
using dataplane::FrameKind;

namespace {

constexpr size_t kMtu = 1500;
constexpr size_t kPrefix = 3;  // octets of the input in front of the frame

// Without it hardly a change of the header would get further than its checksum.
void seal_ipv4(Octets& frame) {
    constexpr size_t kIpAt = 14;
    if (frame.size() < kIpAt + 20 || frame[12] != 8 || frame[13] != 0) return;
    const size_t length = size_t{4} * (frame[kIpAt] & 0xf);
    if (length < 20 || frame.size() < kIpAt + length) return;
    put16(frame, kIpAt + 10, 0);
    const auto header = frame.begin() + kIpAt;
    put16(frame, kIpAt + 10,
          naive_checksum(Octets(header, header + static_cast<ptrdiff_t>(length))));
}

bool is_group(const std::string& address) {
    const Octets octets = address_octets(address);
    return octets.size() == 4 ? octets[0] >= 224 : octets[0] == 0xff;
}

void check_reply(const Outcome& outcome) {
    const ReplyFrame& reply = outcome.reply;
    GATEPOST_CHECK(reply.error.empty());
    GATEPOST_CHECK((reply.from.at(0) & 1) == 0);
    if (reply.type == 0x0806) {
        GATEPOST_CHECK((reply.to.at(0) & 1) == 0 && reply.from == kHostMac);
        GATEPOST_CHECK(outcome.kind == FrameKind::reply && reply.payload.size() == 28);
        return;
    }
    GATEPOST_CHECK(outcome.encoded.length <= 14 + 4 * reply.tags.size() + kMtu);
    GATEPOST_CHECK(!is_group(reply.source) && reply.source != reply.destination);
    const bool advertised = reply.protocol == 58 && reply.payload.at(0) == 136;
    GATEPOST_CHECK(reply.hop_limit == (advertised ? 255 : 64));
    if (is_group(reply.destination)) {
        GATEPOST_CHECK(advertised && reply.destination == "ff02::1");
        return;
    }
    GATEPOST_CHECK((reply.to.at(0) & 1) == 0);
    if (outcome.kind != FrameKind::dns) return;
    GATEPOST_CHECK(reply.protocol == 17 && reply.source_port == 53 && reply.destination_port != 0);
    GATEPOST_CHECK(reply.payload == outcome.sent);
    GATEPOST_CHECK(address_octets(reply.destination) == outcome.client);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < kPrefix || size > 70000) return 0;
    const uint8_t how = data[0];
    dataplane::HostAddresses host = make_host((how & 1) == 0);
    host.verify_udp = (how & 2) == 0;
    RoundTripOptions options;
    options.mtu = kMtu;
    options.checksum_offload = (how & 4) != 0;
    options.spare = (how & 16) != 0 ? 0 : 2048;
    options.reply.resize(static_cast<size_t>(data[1] << 8 | data[2]));
    for (size_t i = 0; i < options.reply.size(); ++i)
        options.reply[i] = static_cast<uint8_t>(i * 167 + (i >> 8) + how);
    Octets frame(data + kPrefix, data + size);
    if ((how & 8) != 0) seal_ipv4(frame);

    const Outcome outcome = round_trip(frame, host, options);
    if (outcome.kind == FrameKind::drop)
        GATEPOST_CHECK(static_cast<size_t>(outcome.why) < storage::kDropReasons);
    else
        check_reply(outcome);
    return 0;
}
