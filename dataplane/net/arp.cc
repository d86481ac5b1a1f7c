#include "dataplane/net/arp.h"

#include "dataplane/net/ipv4.h"

namespace gatepost::dataplane {
namespace {

using storage::Drop;

constexpr size_t kArpLength = 28;                        // octets, for Ethernet and IPv4
constexpr uint64_t kArpRequest = 0x0001'0800'0604'0001;  // Ethernet, IPv4, lengths 6 and 4, request
constexpr uint16_t kOperationReply = 2;
// Octets into the message:
constexpr size_t kOperationAt = 6;
constexpr size_t kSenderMacAt = 8;
constexpr size_t kSenderAddressAt = 14;
constexpr size_t kTargetMacAt = 18;
constexpr size_t kTargetAddressAt = 24;

bool is_broadcast(const uint8_t* mac) {
    return load_be32(mac) == 0xffffffff && load_be16(mac + 4) == 0xffff;
}

bool is_request_for_us(const Frame& frame, const uint8_t* arp, const HostAddresses& host,
                       Drop& why) {
    why = Drop::frame_protocol;
    if (load_be64(arp) != kArpRequest) return false;
    const uint8_t* const to = destination_mac(frame);
    why = Drop::frame_destination;
    if (!is_broadcast(to) && std::memcmp(to, host.mac, kMacLength) != 0) return false;
    if (!host.has_ipv4(load_be32(arp + kTargetAddressAt))) return false;
    const uint32_t sender = load_be32(arp + kSenderAddressAt);
    why = Drop::frame_source;
    if (is_group_mac(arp + kSenderMacAt)) return false;
    // 0.0.0.0 asks whether an address is free, and has to learn that it is not (RFC 5227 §2.1.1).
    return sender == 0 || (may_be_ipv4_source(sender) && !host.has_ipv4(sender));
}

}  // namespace

bool answer_arp(Frame& frame, const HostAddresses& host, EncodedFrame& reply, Drop& why) {
    uint8_t* const arp = frame.octets + frame.link_length;
    if (frame.length < frame.link_length + kArpLength) {
        why = Drop::frame_malformed;
        return false;
    }
    if (!is_request_for_us(frame, arp, host, why)) return false;
    uint8_t target[4];
    std::memcpy(target, arp + kTargetAddressAt, sizeof target);
    store_be16(arp + kOperationAt, kOperationReply);
    std::memcpy(arp + kTargetMacAt, arp + kSenderMacAt, kMacLength + sizeof target);
    std::memcpy(arp + kSenderMacAt, host.mac, kMacLength);
    std::memcpy(arp + kSenderAddressAt, target, sizeof target);
    std::memcpy(frame.octets, arp + kTargetMacAt, kMacLength);
    std::memcpy(frame.octets + kMacLength, host.mac, kMacLength);
    reply = {0, static_cast<uint16_t>(frame.link_length + kArpLength)};
    return true;
}

}  // namespace gatepost::dataplane
