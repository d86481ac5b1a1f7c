// Frames in and out of one queue of a network device, in bursts. As dataplane::Port has it, for one
// queue; a test puts itself in its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/port/packet.h"

namespace gatepost::tools {

class FrameChannel {
  public:
    using Packet = dataplane::Packet;

    virtual ~FrameChannel() = default;

    virtual size_t receive(std::span<Packet> into) = 0;
    // Gives how many the device took; the rest is still the caller's.
    virtual size_t transmit(std::span<const Packet> packets) = 0;
    virtual size_t allocate(std::span<Packet> into) = 0;
    virtual void release(std::span<const Packet> packets) = 0;
    virtual void wait(uint32_t timeout_us) = 0;
};

}  // namespace gatepost::tools
