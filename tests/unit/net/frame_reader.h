// A second opinion about frames that the codec wrote: a decoder of its own that takes nothing for
// granted. For tests and the fuzz target.
#pragma once

#include <cstdint>
#include <string>

#include "tests/unit/net/frame_builder.h"

namespace gatepost::tests {

struct ReplyFrame {
    std::string error;  // what is wrong with the frame; "": nothing, and the rest is filled in
    Octets to;
    Octets from;
    std::vector<VlanTag> tags;
    uint16_t type = 0;
    std::string source;  // addresses as text
    std::string destination;
    uint8_t protocol = 0;
    uint8_t hop_limit = 0;
    uint16_t source_port = 0;  // of UDP
    uint16_t destination_port = 0;
    Octets payload;  // of UDP; else of IP or, for ARP, of the frame
};

// Without IP options and extension headers, and exactly as long as the headers say. `partial`: the
// UDP checksum has the sum of the pseudo-header only.
ReplyFrame read_frame(const uint8_t* octets, size_t length, bool partial = false);

}  // namespace gatepost::tests
