#include "dataplane/net/ipv6.h"

namespace gatepost::dataplane {
namespace {

using storage::Drop;

constexpr uint8_t kHopByHop = 0;
constexpr uint8_t kRouting = 43;
constexpr uint8_t kFragment = 44;
constexpr uint8_t kDestinationOptions = 60;

// RFC 8200 §4.2: an option that is not known says itself whether the datagram may be used.
bool check_options(const uint8_t* at, const uint8_t* end, Drop& why) {
    constexpr uint8_t kPad1 = 0;
    constexpr uint8_t kPadN = 1;
    constexpr uint8_t kActionMask = 0xc0;  // 00: skip over it
    while (at < end) {
        if (*at == kPad1) {
            ++at;
            continue;
        }
        why = Drop::frame_malformed;
        if (end - at < 2 || end - at - 2 < at[1]) return false;
        why = Drop::frame_protocol;
        if (*at != kPadN && (*at & kActionMask) != 0) return false;
        at += 2 + at[1];
    }
    return true;
}

bool check_extension_header(uint8_t kind, const uint8_t* header, size_t length, Drop& why) {
    if (kind != kRouting) return check_options(header + 2, header + length, why);
    // With segments left it is on its way to elsewhere (RFC 8200 §4.4; RFC 5095 forbids type 0).
    why = Drop::frame_destination;
    return header[3] == 0;
}

}  // namespace

bool skip_extension_headers(const uint8_t* frame, IpHeader& ip, Drop& why) {
    const size_t first = ip.payload_at;
    for (size_t count = 0;; ++count) {
        const uint8_t kind = ip.protocol;
        if (kind == kFragment) {
            why = Drop::frame_fragment;
            return false;
        }
        if (kind != kHopByHop && kind != kRouting && kind != kDestinationOptions) return true;
        why = Drop::frame_malformed;
        // Hop-by-hop options stand only right behind the IPv6 header (RFC 8200 §4.1).
        if (kind == kHopByHop && count != 0) return false;
        if (ip.payload_length < 8) return false;
        const uint8_t* const header = frame + ip.payload_at;
        const size_t length = size_t{8} * (header[1] + size_t{1});
        if (length > ip.payload_length) return false;
        if (count == kExtensionHeadersMax || ip.payload_at + length - first > kExtensionOctetsMax) {
            why = Drop::frame_protocol;
            return false;
        }
        if (!check_extension_header(kind, header, length, why)) return false;
        ip.protocol = header[0];
        ip.payload_at = static_cast<uint16_t>(ip.payload_at + length);
        ip.payload_length = static_cast<uint16_t>(ip.payload_length - length);
    }
}

}  // namespace gatepost::dataplane
