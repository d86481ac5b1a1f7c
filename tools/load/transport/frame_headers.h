// Ethernet, IP and UDP headers of the queries: written once in front of every template, completed
// in each copy that is sent.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "dataplane/net/checksum.h"
#include "dataplane/net/ipv4.h"
#include "dataplane/net/ipv6.h"
#include "dataplane/net/udp.h"
#include "tools/load/engine/template_set.h"
#include "tools/load/transport/source_flows.h"

namespace gatepost::tools {

using MacAddress = std::array<uint8_t, 6>;

struct FrameAddresses {
    MacAddress source_mac{};
    MacAddress target_mac{};  // of the server, or of the router in front of it
    IpAddress target;
    uint16_t target_port = 53;
};

constexpr size_t ip_header_length(bool ipv6) {
    return ipv6 ? dataplane::kIpv6Header : dataplane::kIpv4Header;
}
constexpr size_t frame_header_length(bool ipv6) {
    return dataplane::kLinkHeader + ip_header_length(ipv6) + dataplane::kUdpHeader;
}

// Fills the headers of all templates, whose header length is frame_header_length, and their sums.
void write_frame_headers(TemplateSet& templates, const FrameAddresses& addresses);

// Copies a template and makes it the query of this flow and id. `to` has room for the frame,
// rounded up to 128 octets.
inline void stamp_frame(const TemplateSet& templates, const QueryTemplate& query,
                        const SourceFlow& flow, uint16_t id, uint8_t* to) {
    constexpr size_t kUsual = 128;  // octets; a copy of constant length has no loop
    constexpr size_t kIpv4ChecksumAt = 10;
    constexpr size_t kUdpChecksumAt = 6;
    using dataplane::store_native;
    const uint8_t* from = templates.frame(query);
    if (query.length <= kUsual) [[likely]]
        std::memcpy(to, from, kUsual);
    else
        std::memcpy(to, from, query.length);
    bool ipv6 = flow.address.ipv6;
    uint8_t* ip = to + dataplane::kLinkHeader;
    if (ipv6) {
        std::memcpy(ip + dataplane::kIpv6SourceAt, flow.address.octets.data(), 16);
    } else {
        std::memcpy(ip + dataplane::kIpv4SourceAt, flow.address.octets.data(), 4);
        store_native(ip + kIpv4ChecksumAt, dataplane::checksum_of(query.ip_sum + flow.address_sum));
    }
    uint8_t* udp = ip + ip_header_length(ipv6);
    store_be16(udp, flow.port);
    uint64_t sum = query.udp_sum + flow.udp_sum + dataplane::in_wire_order(id);
    store_native(udp + kUdpChecksumAt, dataplane::udp_checksum_of(sum));
    store_be16(udp + dataplane::kUdpHeader, id);
}

}  // namespace gatepost::tools
