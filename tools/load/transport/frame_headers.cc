#include "tools/load/transport/frame_headers.h"

#include "dataplane/net/ipv4.h"
#include "dataplane/net/ipv6.h"
#include "storage/base/check.h"

namespace gatepost::tools {

namespace {

using namespace gatepost::dataplane;

// With source address, source port and id left out; see stamp_frame.
void write_headers(uint8_t* frame, QueryTemplate& query, const FrameAddresses& addresses) {
    std::memcpy(frame, addresses.target_mac.data(), kMacLength);
    std::memcpy(frame + kMacLength, addresses.source_mac.data(), kMacLength);
    bool ipv6 = addresses.target.ipv6;
    store_be16(frame + 2 * kMacLength, ipv6 ? kTypeIpv6 : kTypeIpv4);
    uint8_t* ip = frame + kLinkHeader;
    uint8_t* udp = ip + ip_header_length(ipv6);
    size_t length = query.length - kLinkHeader - ip_header_length(ipv6);
    store_be16(udp, 0);
    store_be16(udp + 2, addresses.target_port);
    store_be16(udp + 4, static_cast<uint16_t>(length));
    store_be16(udp + 6, 0);
    uint64_t pseudo_sum = 0;
    if (ipv6) {
        Ipv6Addresses both{};
        std::memcpy(both.destination, addresses.target.octets.data(), sizeof both.destination);
        write_ipv6(ip, both, kProtocolUdp, kReplyHopLimit, length);
        pseudo_sum = sum_ipv6_pseudo_header(both, kProtocolUdp, length);
    } else {
        auto target = load_native<uint32_t>(addresses.target.octets.data());
        write_ipv4(ip, 0, target, kProtocolUdp, length);
        store_be16(ip + 10, 0);
        query.ip_sum = fold_sum(sum_octets(ip, kIpv4Header));
        pseudo_sum = sum_ipv4_pseudo_header(0, target, kProtocolUdp, length);
    }
    query.udp_sum = fold_sum(pseudo_sum + sum_octets(udp, length));
}

}  // namespace

void write_frame_headers(TemplateSet& templates, const FrameAddresses& addresses) {
    GATEPOST_CHECK(templates.header_length() == frame_header_length(addresses.target.ipv6));
    for (size_t i = 0; i < templates.size(); ++i)
        write_headers(templates.edit_frame(templates[i]), templates.edit(i), addresses);
}

}  // namespace gatepost::tools
