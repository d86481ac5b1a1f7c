// The IPv6 header and its extension headers (RFC 8200): read as far as a host must that only
// answers, and written without extensions.
#pragma once

#include "dataplane/net/ethernet.h"
#include "dataplane/net/host_addresses.h"
#include "dataplane/net/ip_header.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

inline constexpr size_t kIpv6SourceAt = 8;  // octets into the header
inline constexpr size_t kIpv6DestinationAt = 24;
// A query has no need of more; without a bound every frame could cost a walk of 64 KiB.
inline constexpr size_t kExtensionHeadersMax = 4;
inline constexpr size_t kExtensionOctetsMax = 256;

// Moves `ip` over hop-by-hop options, destination options and routing headers that are done with.
bool skip_extension_headers(const uint8_t* frame, IpHeader& ip, storage::Drop& why);

inline bool read_ipv6(const Frame& frame, IpHeader& ip, storage::Drop& why) {
    const uint8_t* const header = frame.octets + frame.link_length;
    const size_t left = size_t{frame.length} - frame.link_length;
    why = storage::Drop::frame_malformed;
    if (left < kIpv6Header || header[0] >> 4 != 6) [[unlikely]]
        return false;
    const size_t payload_length = load_be16(header + 4);
    // Behind the datagram there may be padding up to the smallest frame.
    if (payload_length > left - kIpv6Header) [[unlikely]]
        return false;
    ip = {.family = Family::ipv6,
          .protocol = header[6],
          .hop_limit = header[7],
          .at = frame.link_length,
          .payload_at = static_cast<uint16_t>(frame.link_length + kIpv6Header),
          .payload_length = static_cast<uint16_t>(payload_length)};
    if (ip.protocol == kProtocolUdp) [[likely]]
        return true;
    return skip_extension_headers(frame.octets, ip, why);
}

inline bool is_ipv6_multicast(const Ipv6Address& address) {
    return address.high >> 56 == 0xff;
}

// Neither multicast nor the unspecified nor the loopback address (RFC 4291 §2.5.2, §2.5.3, §2.7),
// nor an IPv4-mapped one, which is not for the wire (RFC 4291 §2.5.5.2, RFC 6890).
inline bool may_be_ipv6_source(const Ipv6Address& address) {
    if (address.high == 0) [[unlikely]]
        return address.low > 1 && address.low >> 32 != 0xffff;
    return !is_ipv6_multicast(address);
}

inline bool check_ipv6_source(const Ipv6Address& source, const Ipv6Address& destination,
                              const HostAddresses& host, storage::Drop& why) {
    if (may_be_ipv6_source(source) && source != destination && !host.has_ipv6(source)) [[likely]]
        return true;
    why = storage::Drop::frame_source;
    return false;
}

inline bool check_ipv6_addresses(const Frame& frame, const IpHeader& ip, const HostAddresses& host,
                                 storage::Drop& why) {
    const Ipv6Address source = load_ipv6_address(frame.octets + ip.at + kIpv6SourceAt);
    const Ipv6Address destination = load_ipv6_address(frame.octets + ip.at + kIpv6DestinationAt);
    if (is_ipv6_multicast(destination) || (host.all_frames && !host.has_ipv6(destination)))
        [[unlikely]] {
        why = storage::Drop::frame_destination;
        return false;
    }
    return check_ipv6_source(source, destination, host, why);
}

// Both addresses as they are in a frame, wire order.
struct Ipv6Addresses {
    uint64_t source[2];
    uint64_t destination[2];
};

inline Ipv6Addresses load_ipv6_addresses(const uint8_t* header) {
    Ipv6Addresses addresses;
    std::memcpy(&addresses, header + kIpv6SourceAt, sizeof addresses);
    return addresses;
}

// Of the pseudo-header (RFC 8200 §8.1).
inline uint64_t sum_ipv6_pseudo_header(const Ipv6Addresses& addresses, uint8_t protocol,
                                       size_t length) {
    return sum_word(addresses.source[0]) + sum_word(addresses.source[1]) +
           sum_word(addresses.destination[0]) + sum_word(addresses.destination[1]) +
           in_wire_order(protocol) + in_wire_order(length);
}

inline void write_ipv6(uint8_t* header, const Ipv6Addresses& addresses, uint8_t protocol,
                       uint8_t hop_limit, size_t payload_length) {
    // 60 00 00 00 LL LL NH HL: no traffic class, no flow label.
    store_native(header, uint64_t{0x60} | uint64_t{in_wire_order(payload_length)} << 32 |
                             uint64_t{protocol} << 48 | uint64_t{hop_limit} << 56);
    std::memcpy(header + kIpv6SourceAt, &addresses, sizeof addresses);
}

// Puts the headers of a reply to the received datagram right in front of the reply's payload, which
// is in its place. The payload's old headers are gone then.
inline EncodedFrame write_ipv6_reply(uint8_t* frame, size_t link_length, size_t payload_at,
                                     uint8_t protocol, size_t payload_length) {
    const Ipv6Addresses query = load_ipv6_addresses(frame + link_length);
    const Ipv6Addresses swapped = {{query.destination[0], query.destination[1]},
                                   {query.source[0], query.source[1]}};
    const size_t at = payload_at - kIpv6Header - link_length;
    write_link_reply(frame, link_length, at);
    write_ipv6(frame + at + link_length, swapped, protocol, kReplyHopLimit, payload_length);
    return {static_cast<uint16_t>(at),
            static_cast<uint16_t>(link_length + kIpv6Header + payload_length)};
}

}  // namespace gatepost::dataplane
