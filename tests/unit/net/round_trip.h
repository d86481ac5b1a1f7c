// One frame through the codec and back, in a buffer whose ends are watched.
#pragma once

#include "dataplane/net/frame.h"
#include "tests/unit/net/frame_reader.h"

namespace gatepost::tests {

struct RoundTripOptions {
    size_t spare = 128;  // octets of the buffer behind the frame
    size_t mtu = 1500;
    bool checksum_offload = false;
    // The DNS reply; cut to what fits.
    Octets reply = {0xab, 0xcd, 0x81, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1};
};

struct Outcome {
    dataplane::FrameKind kind = dataplane::FrameKind::drop;
    storage::Drop why{};  // where dropped
    dataplane::FrameQuery query;
    Octets payload;  // the DNS query
    Octets client;   // its sender's address
    Octets sent;     // the DNS reply as far as it fits
    dataplane::EncodedFrame encoded;
    ReplyFrame reply;  // of dns and reply
};

// Stops the process where the codec leaves the buffer or contradicts itself.
Outcome round_trip(const Octets& frame, const dataplane::HostAddresses& host,
                   const RoundTripOptions& options = {});

}  // namespace gatepost::tests
