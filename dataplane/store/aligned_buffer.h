// Memory for the disk: begins at a multiple of the block, as O_DIRECT wants it. Shared, because the
// kernel may still be at work with it when the coroutine that asked is gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "storage/base/check.h"
#include "storage/message_log/segment_header.h"

namespace gatepost::dataplane {

class AlignedBuffer {
  public:
    // At least `size` octets; what is in them is not set.
    explicit AlignedBuffer(size_t size)
        : size_((size + storage::kSegmentBlock - 1) / storage::kSegmentBlock *
                storage::kSegmentBlock),
          memory_(static_cast<uint8_t*>(std::aligned_alloc(storage::kSegmentBlock, size_))) {
        GATEPOST_CHECK(memory_ != nullptr);
    }
    ~AlignedBuffer() { std::free(memory_); }
    AlignedBuffer(const AlignedBuffer&) = delete;
    AlignedBuffer& operator=(const AlignedBuffer&) = delete;

    uint8_t* data() const { return memory_; }
    size_t size() const { return size_; }
    std::span<uint8_t> octets() const { return {memory_, size_}; }

  private:
    size_t size_;
    uint8_t* memory_;
};

using SharedBuffer = std::shared_ptr<AlignedBuffer>;

}  // namespace gatepost::dataplane
