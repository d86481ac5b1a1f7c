// Frames for the tests of the frame codec, put together octet by octet and without the codec.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/net/host_addresses.h"

namespace gatepost::tests {

using Octets = std::vector<uint8_t>;

inline const Octets kHostMac = {2, 0, 0, 0, 0, 0x53};
inline const Octets kClientMac = {2, 0, 0, 0, 0xc, 1};
inline const Octets kBroadcastMac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
inline const char* const kHost4 = "192.0.2.53";
inline const char* const kClient4 = "198.51.100.7";
inline const char* const kHost6 = "2001:db8::53";
inline const char* const kClient6 = "2001:db8:1::7";

// Answers as kHostMac, 192.0.2.53, 192.0.2.54, 2001:db8::53, 2001:db8::54 and port 53.
dataplane::HostAddresses make_host(bool all_frames = true);

struct VlanTag {
    uint16_t type = 0x8100;
    uint16_t control = 0;
};

struct ExtensionHeader {
    uint8_t kind = 60;
    Octets body;  // behind the next header and the length; 8 n + 6 octets
};

struct FrameSpec {
    Octets to = kHostMac;
    Octets from = kClientMac;
    std::vector<VlanTag> tags;
    std::string source = kClient4;  // with a colon: IPv6
    std::string destination = kHost4;
    uint8_t hop_limit = 57;
    Octets options;  // of IPv4; 4 n octets
    uint16_t fragment = 0;
    std::vector<ExtensionHeader> extensions;
    uint16_t source_port = 40000;
    uint16_t destination_port = 53;
    size_t padding = 0;  // octets behind the datagram
};

FrameSpec ipv6_spec();

Octets make_dns_query();
// The frame of a UDP datagram; its checksum complete.
Octets make_udp_frame(const FrameSpec& spec, const Octets& payload = make_dns_query());
// `message` with its checksum at [2, 4) filled in.
Octets make_icmp_frame(const FrameSpec& spec, Octets message);
Octets make_echo(const FrameSpec& spec, size_t data_length);
// Any payload of IP.
Octets make_ip_frame(const FrameSpec& spec, uint8_t protocol, const Octets& payload);
// A neighbor solicitation by multicast for `target`, with a source link-layer option.
Octets make_solicitation(FrameSpec spec, const std::string& target);
Octets make_arp_request(const FrameSpec& spec, const std::string& sender,
                        const std::string& target);

Octets address_octets(const std::string& text);
// As RFC 1071 §4.1 has it, 16 bits at a time: what is to be put into a checksum field.
uint16_t naive_checksum(const Octets& octets);
Octets pseudo_header(const std::string& source, const std::string& destination, uint8_t protocol,
                     size_t length);
void put16(Octets& octets, size_t at, size_t value);

}  // namespace gatepost::tests
