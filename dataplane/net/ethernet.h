// Ethernet II frames with up to two VLAN tags (IEEE 802.3, 802.1Q, 802.1ad "QinQ").
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/net/checksum.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

inline constexpr size_t kMacLength = 6;
inline constexpr size_t kLinkHeader = 14;  // octets, without tags
inline constexpr size_t kVlanTag = 4;      // octets
inline constexpr size_t kVlanTagsMax = 2;
inline constexpr size_t kLinkHeaderMax = kLinkHeader + kVlanTagsMax * kVlanTag;

inline constexpr uint16_t kTypeIpv4 = 0x0800;
inline constexpr uint16_t kTypeArp = 0x0806;
inline constexpr uint16_t kTypeIpv6 = 0x86dd;
inline constexpr uint16_t kTypeCustomerTag = 0x8100;    // 802.1Q
inline constexpr uint16_t kTypeServiceTag = 0x88a8;     // 802.1ad
inline constexpr uint16_t kTypeOldServiceTag = 0x9100;  // of switches that are older than 802.1ad

// A received frame in its buffer.
struct Frame {
    uint8_t* octets = nullptr;
    uint16_t length = 0;
    uint16_t capacity = 0;    // octets from the frame's first to the buffer's end
    uint16_t type = 0;        // of what the link header, tags included, is in front of
    uint8_t link_length = 0;  // of the link header, tags included
};

// A frame to send: where it begins, relative to the received frame's first octet, and its length.
struct EncodedFrame {
    uint16_t at = 0;
    uint16_t length = 0;
};

inline bool is_vlan_tag(uint16_t type) {
    return type == kTypeCustomerTag || type == kTypeServiceTag || type == kTypeOldServiceTag;
}

// Sets `type` and `link_length`; false where the frame is cut off. A third tag is left as the type.
inline bool read_link_header(Frame& frame) {
    if (frame.length < kLinkHeader) [[unlikely]]
        return false;
    frame.type = load_be16(frame.octets + kLinkHeader - 2);
    frame.link_length = kLinkHeader;
    while (is_vlan_tag(frame.type) && frame.link_length < kLinkHeaderMax) [[unlikely]] {
            frame.link_length += kVlanTag;
            if (frame.length < frame.link_length) return false;
            frame.type = load_be16(frame.octets + frame.link_length - 2);
        }
    return true;
}

// Multicast or broadcast (802.3 §3.2.3 b).
inline bool is_group_mac(const uint8_t* mac) {
    return (*mac & 1) != 0;
}
inline const uint8_t* destination_mac(const Frame& frame) {
    return frame.octets;
}
inline const uint8_t* source_mac(const Frame& frame) {
    return frame.octets + kMacLength;
}

// Puts the frame's link header, back to where it came from, `at` octets further on. What is behind
// it may be overwritten: up to 8 octets behind the received one are read, and none written that are
// not of the new one.
inline void write_link_reply(uint8_t* frame, size_t link_length, size_t at) {
    constexpr uint64_t kMacBits = 0xffff'ffff'ffff;
    const auto destination = load_native<uint64_t>(frame);
    const auto source_and_type = load_native<uint64_t>(frame + kMacLength);
    const auto tags = load_native<uint64_t>(frame + kLinkHeader);
    uint8_t* const reply = frame + at;
    store_native(reply, source_and_type);
    store_native(reply + kMacLength, (destination & kMacBits) | (source_and_type & ~kMacBits));
    if (link_length == kLinkHeader) [[likely]]
        return;
    std::memcpy(reply + kLinkHeader, &tags, kVlanTag);
    if (link_length == kLinkHeaderMax) std::memcpy(reply + kLinkHeader, &tags, 2 * kVlanTag);
}

}  // namespace gatepost::dataplane
