// From a received Ethernet frame to the DNS query in it, and from the DNS reply back to a frame.
// Pure functions over the frame's own buffer: no I/O, no allocation, no lock.
//
//     switch (decode_frame(packet.data, packet.length, packet.capacity, host, query, why)) {
//         case FrameKind::dns:    // answer at packet.data + query.payload_at, then encode_reply()
//         case FrameKind::reply:  // send query.reply
//         case FrameKind::drop:   // count `why`
//     }
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/net/ethernet.h"
#include "dataplane/net/host_addresses.h"
#include "dataplane/net/ip_header.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

enum class FrameKind : uint8_t {
    dns,    // carries a message to a DNS port
    reply,  // has become the reply to an ARP request, a neighbor solicitation or an echo request
    drop,
};

// What decode_frame leaves for encode_reply. Offsets count from the frame's first octet.
struct FrameQuery {
    uint16_t payload_at = 0;  // dns: the message; its reply is written to the same place
    uint16_t payload_length = 0;
    EncodedFrame reply;  // reply: what to send
    uint8_t link_length = 0;
    Family family = Family::ipv4;

    // The client's address in wire order, 4 or 16 octets, until encode_reply.
    const uint8_t* client(const uint8_t* frame) const {
        return frame + link_length + (family == Family::ipv4 ? 12 : 8);
    }
    size_t ip_header_length() const {
        return family == Family::ipv4 ? kIpv4Header : kIpv6Header;
    }  // of the reply
};

// `capacity`: octets from `frame` to the buffer's end, at least `length`.
FrameKind decode_frame(uint8_t* frame, size_t length, size_t capacity, const HostAddresses& host,
                       FrameQuery& query, storage::Drop& why);

// The largest DNS reply that fits the buffer and the MTU (octets of IP): no reply is ever a
// fragment. Can be less than the responder's least where an odd query stands far back in a small
// buffer.
uint16_t reply_capacity(const FrameQuery& query, size_t mtu, size_t frame_capacity);

// Puts headers in front of the DNS reply of `reply_length` (at most reply_capacity) octets at
// payload_at. Options and extension headers are not sent back, so the frame may begin further on.
// With `udp_checksum_offload` the checksum field has the sum of the pseudo-header only; the
// device's link header length is then query.link_length, its IP header length
// query.ip_header_length().
EncodedFrame encode_reply(uint8_t* frame, const FrameQuery& query, size_t reply_length,
                          bool udp_checksum_offload);

}  // namespace gatepost::dataplane
