#include "dataplane/net/icmp.h"

#include "dataplane/net/ipv4.h"
#include "dataplane/net/ipv6.h"

namespace gatepost::dataplane {
namespace {

using storage::Drop;

// The first two octets, type and code.
constexpr uint16_t kEchoRequest = 8 << 8;
constexpr uint16_t kEchoReply = 0;
constexpr uint16_t kEchoRequestV6 = 128 << 8;
constexpr uint16_t kEchoReplyV6 = 129 << 8;
constexpr size_t kChecksumAt = 2;  // octets into the message

void seal(uint8_t* message, size_t length, uint16_t type_and_code, uint64_t pseudo_sum) {
    store_be16(message, type_and_code);
    store_native(message + kChecksumAt, uint16_t{0});
    store_native(message + kChecksumAt, checksum_of(pseudo_sum + sum_octets(message, length)));
}

}  // namespace

bool answer_echo(Frame& frame, const IpHeader& ip, const HostAddresses& host, EncodedFrame& reply,
                 Drop& why) {
    const bool v6 = ip.family == Family::ipv6;
    uint8_t* const header = frame.octets + ip.at;
    uint8_t* const message = frame.octets + ip.payload_at;
    why = Drop::frame_malformed;
    if (ip.payload_length < kIcmpHeader) return false;
    why = Drop::frame_protocol;
    if (load_be16(message) != (v6 ? kEchoRequestV6 : kEchoRequest)) return false;
    // Swapping the addresses does not change the sum.
    const uint64_t pseudo_sum =
        v6 ? sum_ipv6_pseudo_header(load_ipv6_addresses(header), kProtocolIcmpv6, ip.payload_length)
           : 0;
    why = Drop::frame_checksum;
    if (!is_right_sum(pseudo_sum + sum_octets(message, ip.payload_length))) return false;
    const size_t header_length = v6 ? kIpv6Header : kIpv4Header;
    why = Drop::reply_overflow;
    if (header_length + ip.payload_length > host.mtu) return false;

    seal(message, ip.payload_length, v6 ? kEchoReplyV6 : kEchoReply, pseudo_sum);
    reply = v6 ? write_ipv6_reply(frame.octets, frame.link_length, ip.payload_at, kProtocolIcmpv6,
                                  ip.payload_length)
               : write_ipv4_reply(frame.octets, frame.link_length, ip.payload_at, kProtocolIcmp,
                                  ip.payload_length);
    return true;
}

}  // namespace gatepost::dataplane
