// The UDP header (RFC 768).
#pragma once

#include "dataplane/net/ethernet.h"
#include "dataplane/net/host_addresses.h"
#include "dataplane/net/ip_header.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

inline constexpr size_t kUdpHeader = 8;  // octets

// `pseudo_sum`: of the pseudo-header with the UDP header's own length.
inline bool is_right_udp_checksum(const uint8_t* udp, size_t length, uint64_t pseudo_sum) {
    if (is_right_sum(pseudo_sum + sum_octets(udp, length))) [[likely]]
        return true;
    // A peer on the same machine (veth, tap) leaves the sum of the pseudo-header, for a device to
    // complete that is not there: Linux's CHECKSUM_PARTIAL.
    return load_native<uint16_t>(udp + 6) == fold_sum(pseudo_sum);
}

// Whether lengths and ports are those of a query. `length`: of the UDP header and what it carries,
// as the header says; more of IP may follow it.
inline bool read_udp(const Frame& frame, const IpHeader& ip, const HostAddresses& host,
                     size_t& length, storage::Drop& why) {
    const uint8_t* const udp = frame.octets + ip.payload_at;
    why = storage::Drop::frame_malformed;
    if (ip.payload_length < kUdpHeader) [[unlikely]]
        return false;
    length = load_be16(udp + 4);
    if (length < kUdpHeader || length > ip.payload_length) [[unlikely]]
        return false;
    if (!host.has_port(load_be16(udp + 2))) [[unlikely]] {
        why = storage::Drop::frame_protocol;
        return false;
    }
    if (load_be16(udp) == 0) [[unlikely]] {
        why = storage::Drop::source_port_zero;
        return false;
    }
    return true;
}

}  // namespace gatepost::dataplane
