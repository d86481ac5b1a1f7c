#include "dataplane/net/frame.h"

#include <algorithm>

#include "dataplane/net/arp.h"
#include "dataplane/net/icmp.h"
#include "dataplane/net/ipv4.h"
#include "dataplane/net/ipv6.h"
#include "dataplane/net/neighbor.h"
#include "dataplane/net/udp.h"

namespace gatepost::dataplane {
namespace {

using storage::Drop;

FrameKind replied(bool answered) {
    return answered ? FrameKind::reply : FrameKind::drop;
}

// Where the device takes every frame: to this host's MAC address, not by multicast or broadcast
// (RFC 1122 §3.3.6). Elsewhere the filter does not look at the MAC address.
inline bool check_macs(const Frame& frame, const HostAddresses& host, Drop& why) {
    const uint8_t* const to = destination_mac(frame);
    if (is_group_mac(to) || (host.all_frames && std::memcmp(to, host.mac, kMacLength) != 0))
        [[unlikely]] {
        why = Drop::frame_destination;
        return false;
    }
    return true;
}

inline FrameKind found_query(const Frame& frame, const IpHeader& ip, size_t udp_length,
                             FrameQuery& query) {
    query.payload_at = static_cast<uint16_t>(ip.payload_at + kUdpHeader);
    query.payload_length = static_cast<uint16_t>(udp_length - kUdpHeader);
    query.link_length = frame.link_length;
    query.family = ip.family;
    return FrameKind::dns;
}

inline FrameKind decode_ipv4(Frame& frame, const HostAddresses& host, FrameQuery& query,
                             Drop& why) {
    IpHeader ip;
    if (!read_ipv4(frame, ip, why)) return FrameKind::drop;
    if (!check_macs(frame, host, why)) return FrameKind::drop;
    if (!check_ipv4_addresses(frame, ip, host, why)) return FrameKind::drop;
    if (ip.protocol != kProtocolUdp) [[unlikely]] {
        if (ip.protocol == kProtocolIcmp && host.all_frames)
            return replied(answer_echo(frame, ip, host, query.reply, why));
        why = Drop::frame_protocol;
        return FrameKind::drop;
    }
    size_t length = 0;
    if (!read_udp(frame, ip, host, length, why)) return FrameKind::drop;
    const uint8_t* const udp = frame.octets + ip.payload_at;
    // RFC 768: a sender may leave the checksum out.
    if (host.verify_udp && load_native<uint16_t>(udp + 6) != 0 &&
        !is_right_udp_checksum(udp, length,
                               sum_ipv4_pseudo_header(frame.octets + ip.at, kProtocolUdp, length)))
        [[unlikely]] {
        why = Drop::frame_checksum;
        return FrameKind::drop;
    }
    return found_query(frame, ip, length, query);
}

inline FrameKind decode_ipv6(Frame& frame, const HostAddresses& host, FrameQuery& query,
                             Drop& why) {
    IpHeader ip;
    if (!read_ipv6(frame, ip, why)) return FrameKind::drop;
    const uint8_t* const payload = frame.octets + ip.payload_at;
    if (ip.protocol == kProtocolIcmpv6 && host.all_frames && ip.payload_length > 0 &&
        *payload == kNeighborSolicitation) [[unlikely]]
        return replied(answer_neighbor(frame, ip, host, query.reply, why));
    if (!check_macs(frame, host, why)) return FrameKind::drop;
    if (!check_ipv6_addresses(frame, ip, host, why)) return FrameKind::drop;
    if (ip.protocol != kProtocolUdp) [[unlikely]] {
        if (ip.protocol == kProtocolIcmpv6 && host.all_frames)
            return replied(answer_echo(frame, ip, host, query.reply, why));
        why = Drop::frame_protocol;
        return FrameKind::drop;
    }
    size_t length = 0;
    if (!read_udp(frame, ip, host, length, why)) return FrameKind::drop;
    // Over IPv6 the checksum is no option (RFC 8200 §8.1), whoever verifies it.
    if (load_native<uint16_t>(payload + 6) == 0 ||
        (host.verify_udp &&
         !is_right_udp_checksum(payload, length,
                                sum_ipv6_pseudo_header(load_ipv6_addresses(frame.octets + ip.at),
                                                       kProtocolUdp, length)))) [[unlikely]] {
        why = Drop::frame_checksum;
        return FrameKind::drop;
    }
    return found_query(frame, ip, length, query);
}

}  // namespace

FrameKind decode_frame(uint8_t* octets, size_t length, size_t capacity, const HostAddresses& host,
                       FrameQuery& query, Drop& why) {
    constexpr size_t kLengthMax = 65535;  // no link has longer frames; offsets have 16 bits
    Frame frame{.octets = octets,
                .length = static_cast<uint16_t>(length),
                .capacity = static_cast<uint16_t>(std::min(capacity, kLengthMax))};
    if (length > kLengthMax || !read_link_header(frame)) [[unlikely]] {
        why = Drop::frame_malformed;
        return FrameKind::drop;
    }
    if (is_group_mac(source_mac(frame))) [[unlikely]] {
        why = Drop::frame_source;
        return FrameKind::drop;
    }
    if (frame.type == kTypeIpv4) [[likely]]
        return decode_ipv4(frame, host, query, why);
    if (frame.type == kTypeIpv6) [[likely]]
        return decode_ipv6(frame, host, query, why);
    if (frame.type == kTypeArp && host.all_frames)
        return replied(answer_arp(frame, host, query.reply, why));
    why = Drop::frame_protocol;
    return FrameKind::drop;
}

uint16_t reply_capacity(const FrameQuery& query, size_t mtu, size_t frame_capacity) {
    constexpr size_t kIpLengthMax = 65535;
    const size_t headers = query.ip_header_length() + kUdpHeader;
    const size_t link_room = std::min(mtu, kIpLengthMax - kLinkHeaderMax);
    const size_t in_link = link_room > headers ? link_room - headers : 0;
    const size_t in_buffer =
        frame_capacity > query.payload_at ? frame_capacity - query.payload_at : 0;
    return static_cast<uint16_t>(std::min(in_link, in_buffer));
}

EncodedFrame encode_reply(uint8_t* frame, const FrameQuery& query, size_t reply_length,
                          bool udp_checksum_offload) {
    const size_t udp_at = query.payload_at - kUdpHeader;
    const size_t length = kUdpHeader + reply_length;
    uint8_t* const udp = frame + udp_at;
    const uint8_t* const header = frame + query.link_length;
    const bool v6 = query.family == Family::ipv6;
    // Swapping the addresses does not change the sum.
    const uint64_t pseudo_sum =
        v6 ? sum_ipv6_pseudo_header(load_ipv6_addresses(header), kProtocolUdp, length)
           : sum_ipv4_pseudo_header(header, kProtocolUdp, length);
    const auto ports = load_native<uint32_t>(udp);
    const uint16_t checksum =
        udp_checksum_offload ? fold_sum(pseudo_sum)
                             : udp_checksum_of(pseudo_sum + ports + in_wire_order(length) +
                                               sum_octets(frame + query.payload_at, reply_length));
    store_native(udp, uint64_t{(ports >> 16) | (ports << 16)} |
                          uint64_t{in_wire_order(length)} << 32 | uint64_t{checksum} << 48);
    if (v6) return write_ipv6_reply(frame, query.link_length, udp_at, kProtocolUdp, length);
    return write_ipv4_reply(frame, query.link_length, udp_at, kProtocolUdp, length);
}

}  // namespace gatepost::dataplane
