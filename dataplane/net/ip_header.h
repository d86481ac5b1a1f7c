// What both versions of IP say about a datagram.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/dns/responder.h"

namespace gatepost::dataplane {

inline constexpr uint8_t kProtocolIcmp = 1;
inline constexpr uint8_t kProtocolUdp = 17;
inline constexpr uint8_t kProtocolIcmpv6 = 58;

inline constexpr size_t kIpv4Header = 20;  // octets, without options
inline constexpr size_t kIpv6Header = 40;  // octets, without extension headers

inline constexpr uint8_t kReplyHopLimit = 64;  // RFC 1700's default TTL

// Offsets count from the frame's first octet.
struct IpHeader {
    Family family = Family::ipv4;
    uint8_t protocol = 0;
    uint8_t hop_limit = 0;
    uint16_t at = 0;
    uint16_t payload_at = 0;      // behind options and extension headers
    uint16_t payload_length = 0;  // octets
};

}  // namespace gatepost::dataplane
