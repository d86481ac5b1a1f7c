// The IPv4 header (RFC 791): read with options, which mean nothing to a host that only answers,
// and written without.
#pragma once

#include "dataplane/net/ethernet.h"
#include "dataplane/net/host_addresses.h"
#include "dataplane/net/ip_header.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

inline constexpr size_t kIpv4SourceAt = 12;  // octets into the header
inline constexpr size_t kIpv4DestinationAt = 16;

inline bool read_ipv4(const Frame& frame, IpHeader& ip, storage::Drop& why) {
    constexpr uint16_t kMoreFragmentsAndOffset = 0x3fff;
    const uint8_t* const header = frame.octets + frame.link_length;
    const size_t left = size_t{frame.length} - frame.link_length;
    why = storage::Drop::frame_malformed;
    if (left < kIpv4Header) [[unlikely]]
        return false;
    size_t header_length = kIpv4Header;
    if (header[0] != 0x45) [[unlikely]] {
        header_length = size_t{4} * (header[0] & 0xf);
        if (header[0] >> 4 != 4 || header_length < kIpv4Header) return false;
    }
    const size_t total_length = load_be16(header + 2);
    // Behind the datagram there may be padding up to the smallest frame.
    if (total_length < header_length || total_length > left) [[unlikely]]
        return false;
    if (!is_right_sum(sum_octets(header, header_length))) [[unlikely]] {
        why = storage::Drop::frame_checksum;
        return false;
    }
    if ((load_be16(header + 6) & kMoreFragmentsAndOffset) != 0) [[unlikely]] {
        why = storage::Drop::frame_fragment;
        return false;
    }
    ip = {.family = Family::ipv4,
          .protocol = header[9],
          .hop_limit = header[8],
          .at = frame.link_length,
          .payload_at = static_cast<uint16_t>(frame.link_length + header_length),
          .payload_length = static_cast<uint16_t>(total_length - header_length)};
    return true;
}

// 0/8, 127/8, multicast, 240/4 and broadcast are no host's source address (RFC 1122 §3.2.1.3).
inline bool may_be_ipv4_source(uint32_t address) {
    const uint32_t network = address >> 24;
    return network != 0 && network != 127 && network < 224;
}

inline bool check_ipv4_addresses(const Frame& frame, const IpHeader& ip, const HostAddresses& host,
                                 storage::Drop& why) {
    constexpr uint32_t kMulticast = 224U << 24;  // and above it 240/4 and broadcast
    const uint32_t source = load_be32(frame.octets + ip.at + kIpv4SourceAt);
    const uint32_t destination = load_be32(frame.octets + ip.at + kIpv4DestinationAt);
    if (destination >= kMulticast || (host.all_frames && !host.has_ipv4(destination)))
        [[unlikely]] {
        why = storage::Drop::frame_destination;
        return false;
    }
    if (!may_be_ipv4_source(source) || source == destination || host.has_ipv4(source))
        [[unlikely]] {
        why = storage::Drop::frame_source;
        return false;
    }
    return true;
}

// Of the pseudo-header (RFC 768), from the addresses as they were loaded.
inline uint64_t sum_ipv4_pseudo_header(uint32_t source, uint32_t destination, uint8_t protocol,
                                       size_t length) {
    return uint64_t{source} + destination + in_wire_order(protocol) + in_wire_order(length);
}
inline uint64_t sum_ipv4_pseudo_header(const uint8_t* header, uint8_t protocol, size_t length) {
    return sum_ipv4_pseudo_header(load_native<uint32_t>(header + kIpv4SourceAt),
                                  load_native<uint32_t>(header + kIpv4DestinationAt), protocol,
                                  length);
}

// Addresses in wire order. Fragmentation is forbidden, so the identification is free (RFC 6864
// §4.1).
inline void write_ipv4(uint8_t* header, uint32_t source, uint32_t destination, uint8_t protocol,
                       size_t payload_length) {
    constexpr uint64_t kDontFragment = 0x0040;  // in wire order: 40 00
    const uint16_t total_length = in_wire_order(kIpv4Header + payload_length);
    // 45 00 LL LL 00 00 40 00 | TTL, protocol, checksum, source | destination
    const uint64_t begin = 0x45 | uint64_t{total_length} << 16 | kDontFragment << 48;
    const uint64_t lifetime = uint64_t{kReplyHopLimit} | uint64_t{protocol} << 8;
    const uint16_t checksum = checksum_of(sum_word(begin) + lifetime + source + destination);
    store_native(header, begin);
    store_native(header + 8, lifetime | uint64_t{checksum} << 16 | uint64_t{source} << 32);
    store_native(header + kIpv4DestinationAt, destination);
}

// Puts the headers of a reply to the received datagram right in front of the reply's payload, which
// is in its place. The payload's old headers are gone then.
inline EncodedFrame write_ipv4_reply(uint8_t* frame, size_t link_length, size_t payload_at,
                                     uint8_t protocol, size_t payload_length) {
    const auto client = load_native<uint32_t>(frame + link_length + kIpv4SourceAt);
    const auto server = load_native<uint32_t>(frame + link_length + kIpv4DestinationAt);
    const size_t at = payload_at - kIpv4Header - link_length;
    write_link_reply(frame, link_length, at);
    write_ipv4(frame + at + link_length, server, client, protocol, payload_length);
    return {static_cast<uint16_t>(at),
            static_cast<uint16_t>(link_length + kIpv4Header + payload_length)};
}

}  // namespace gatepost::dataplane
