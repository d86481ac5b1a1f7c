// A frame in a buffer of the device's: what a Port gives to receive into and takes to transmit.
#pragma once

#include <cstdint>

namespace gatepost::dataplane {

struct Packet {
    uint8_t* data = nullptr;  // the Ethernet header
    uint16_t length = 0;      // octets
    uint16_t headroom = 0;    // octets that may be written in front of `data`
    uint16_t capacity = 0;    // octets from `data` to the buffer's end
    // Where the device is to fill in the UDP checksum (Port::checksums_udp): octets of the link and
    // of the IP header; 0: it is in the frame already.
    uint8_t offload_link = 0;
    uint8_t offload_ip = 0;
    bool offload_ipv6 = false;
    void* buffer = nullptr;  // the Port's own name for it
};

}  // namespace gatepost::dataplane
