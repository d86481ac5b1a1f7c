#include "dataplane/net/neighbor.h"

#include "dataplane/net/ipv6.h"

namespace gatepost::dataplane {
namespace {

using storage::Drop;

constexpr uint8_t kNeighborHopLimit = 255;  // shows that no router was in between (§11.2)
constexpr size_t kSolicitation = 24;        // octets, without options
constexpr size_t kAdvertisement = 32;       // octets, with the target's link-layer address
constexpr size_t kTargetAt = 8;             // octets into either message
constexpr uint8_t kSourceLinkAddress = 1;   // option types
constexpr uint8_t kTargetLinkAddress = 2;
constexpr uint32_t kAdvertisementType = 136U << 24;
constexpr uint32_t kSolicited = 1U << 30;  // flags
constexpr uint32_t kOverride = 1U << 29;

struct Solicitation {
    Ipv6Address source;
    Ipv6Address destination;
    Ipv6Address target;
    bool probe = false;  // for a duplicate of the target (RFC 4862 §5.4): no source address
};

// ff02::1:ffXX:XXXX with the target's last 24 bits (RFC 4291 §2.7.1).
Ipv6Address solicited_node(const Ipv6Address& target) {
    return {0xff02'0000'0000'0000, 0x0000'0001'ff00'0000 | (target.low & 0xff'ffff)};
}

bool check_options(const uint8_t* at, const uint8_t* end, bool probe) {
    while (at < end) {
        if (end - at < 8 || at[1] == 0 || end - at < 8 * at[1]) return false;
        if (at[0] == kSourceLinkAddress && probe) return false;
        at += 8 * at[1];
    }
    return true;
}

// RFC 4861 §7.1.1, in its order as far as this says which counter is right.
bool check_message(const Frame& frame, const IpHeader& ip, const Solicitation& solicitation,
                   Drop& why) {
    const uint8_t* const message = frame.octets + ip.payload_at;
    why = Drop::frame_malformed;
    if (ip.hop_limit != kNeighborHopLimit || message[1] != 0) return false;
    if (is_ipv6_multicast(solicitation.target)) return false;
    if (!check_options(message + kSolicitation, message + ip.payload_length, solicitation.probe))
        return false;
    why = Drop::frame_checksum;
    const Ipv6Addresses addresses = load_ipv6_addresses(frame.octets + ip.at);
    return is_right_sum(sum_ipv6_pseudo_header(addresses, kProtocolIcmpv6, ip.payload_length) +
                        sum_octets(message, ip.payload_length));
}

bool is_for_us(const Frame& frame, const Solicitation& solicitation, const HostAddresses& host,
               Drop& why) {
    why = Drop::frame_destination;
    if (!host.has_ipv6(solicitation.target)) return false;
    if (solicitation.destination == solicited_node(solicitation.target)) {
        // By multicast the frame goes to 33:33 and the address's last 32 bits (RFC 2464 §7).
        const uint8_t* const to = destination_mac(frame);
        const bool multicast =
            load_be16(to) == 0x3333 &&
            load_be32(to + 2) == static_cast<uint32_t>(solicitation.destination.low);
        return multicast || std::memcmp(to, host.mac, kMacLength) == 0;
    }
    return !solicitation.probe && solicitation.destination == solicitation.target &&
           std::memcmp(destination_mac(frame), host.mac, kMacLength) == 0;
}

// The message and its headers, in front of everything: nothing of the frame is needed any more.
void write_advertisement(Frame& frame, const uint8_t* mac, const uint8_t* to,
                         const Ipv6Addresses& addresses, uint32_t flags) {
    std::memcpy(frame.octets, to, kMacLength);
    std::memcpy(frame.octets + kMacLength, mac, kMacLength);
    uint8_t* const header = frame.octets + frame.link_length;
    uint8_t* const message = header + kIpv6Header;
    write_ipv6(header, addresses, kProtocolIcmpv6, kNeighborHopLimit, kAdvertisement);
    store_be32(message, kAdvertisementType);
    store_be32(message + 4, flags);
    std::memcpy(message + kTargetAt, addresses.source, sizeof addresses.source);
    message[kSolicitation] = kTargetLinkAddress;
    message[kSolicitation + 1] = 1;  // times 8 octets
    std::memcpy(message + kSolicitation + 2, mac, kMacLength);
    const uint64_t pseudo_sum = sum_ipv6_pseudo_header(addresses, kProtocolIcmpv6, kAdvertisement);
    store_native(message + 2, checksum_of(pseudo_sum + sum_octets(message, kAdvertisement)));
}

}  // namespace

bool answer_neighbor(Frame& frame, const IpHeader& ip, const HostAddresses& host,
                     EncodedFrame& reply, Drop& why) {
    constexpr uint8_t kAllNodesMac[] = {0x33, 0x33, 0, 0, 0, 1};
    constexpr uint8_t kAllNodes[] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    uint8_t* const header = frame.octets + ip.at;
    why = Drop::frame_malformed;
    if (ip.payload_length < kSolicitation) return false;
    const uint8_t* const target = frame.octets + ip.payload_at + kTargetAt;
    Solicitation solicitation = {load_ipv6_address(header + kIpv6SourceAt),
                                 load_ipv6_address(header + kIpv6DestinationAt),
                                 load_ipv6_address(target)};
    solicitation.probe = solicitation.source == Ipv6Address{};
    if (!check_message(frame, ip, solicitation, why)) return false;
    if (!is_for_us(frame, solicitation, host, why)) return false;
    if (!solicitation.probe &&
        !check_ipv6_source(solicitation.source, solicitation.destination, host, why))
        return false;
    const size_t length = frame.link_length + kIpv6Header + kAdvertisement;
    why = Drop::reply_overflow;
    if (length > frame.capacity) return false;

    Ipv6Addresses addresses;
    std::memcpy(addresses.source, target, sizeof addresses.source);
    // A probe's sender has no address yet: all nodes hear that this one is taken (§7.2.4).
    std::memcpy(addresses.destination, solicitation.probe ? kAllNodes : header + kIpv6SourceAt,
                sizeof addresses.destination);
    uint8_t to[kMacLength];
    std::memcpy(to, solicitation.probe ? kAllNodesMac : source_mac(frame), kMacLength);
    write_advertisement(frame, host.mac, to, addresses,
                        solicitation.probe ? kOverride : kSolicited | kOverride);
    reply = {0, static_cast<uint16_t>(length)};
    return true;
}

}  // namespace gatepost::dataplane
