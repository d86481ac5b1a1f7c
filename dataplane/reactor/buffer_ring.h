// Receive buffers that the kernel picks from as data arrives (IORING_REGISTER_PBUF_RING): a
// completion names the buffer it filled, and the buffer goes back with give_back() once it is done
// with.
//
// All memory is there from the start: `count` buffers of `stride` octets.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>

#include "dataplane/reactor/ring.h"
#include "storage/base/check.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

class BufferRing {
  public:
    BufferRing() = default;
    BufferRing(BufferRing&& other) noexcept { *this = std::move(other); }
    BufferRing& operator=(BufferRing&& other) noexcept;
    ~BufferRing();

    // `group` names the buffers in requests; `count` is a power of two up to 32,768. To be made
    // before the ring is enabled, and to outlive it.
    static Result<BufferRing> create(Ring& ring, uint16_t group, uint16_t count, uint32_t stride);

    uint8_t* buffer(uint16_t id) const {
        GATEPOST_CHECK(id < count_);
        return memory_ + size_t{id} * stride_;
    }
    uint16_t group() const { return group_; }
    uint16_t count() const { return count_; }
    uint32_t stride() const { return stride_; }

    // The kernel sees what was given back at the next publish().
    void give_back(uint16_t id) {
        ::io_uring_buf_ring_add(entries_, buffer(id), stride_, id, count_ - 1, staged_++);
    }
    void publish() {
        ::io_uring_buf_ring_advance(entries_, staged_);
        staged_ = 0;
    }

  private:
    io_uring_buf_ring* entries_ = nullptr;
    uint8_t* memory_ = nullptr;
    uint32_t stride_ = 0;  // octets
    uint16_t count_ = 0;
    uint16_t group_ = 0;
    int staged_ = 0;
};

}  // namespace gatepost::dataplane
