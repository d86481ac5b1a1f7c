// The memory that a worker's streams keep octets in while these are on their way: chunks of three
// sizes out of one region, reserved at the start and bounded. A stream that waits for its client
// holds none.
//
// Each size has a part of the region: however many small ones were once in use at the same time,
// there is room for large ones afterwards. Where its part is used up, a larger one is given.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "storage/arena/stream_counters.h"
#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

// Octets begin … end of data() are in use.
struct Chunk {
    Chunk* next;
    uint32_t size;  // octets that data() has room for
    uint32_t begin;
    uint32_t end;
    uint32_t size_class;

    uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
    Bytes content() { return Bytes(data() + begin, end - begin); }
    size_t length() const { return end - begin; }
    size_t room() const { return size - end; }
};

class BufferPool {
  public:
    // Small: a line, a DNS message. Middle: a TLS record. Large: the longest DNS message, and all
    // else that has to lie in one piece.
    static constexpr std::array<size_t, 3> kChunkSizes = {4096, 20'480, 77'824};  // with the header

    static constexpr size_t largest() { return kChunkSizes.back() - sizeof(Chunk); }

    // `octets_max`: address space, at least one chunk of each size; memory is used as it is
    // touched.
    static Result<BufferPool> create(size_t octets_max, storage::StreamCounters& counters);
    BufferPool(BufferPool&& other) noexcept { *this = std::move(other); }
    BufferPool& operator=(BufferPool&& other) noexcept;
    ~BufferPool();

    // An empty chunk with room for `octets`; nullptr: all are in use, or that many are too many.
    Chunk* take(size_t octets);
    void give(Chunk* chunk);

    size_t used_octets() const { return used_; }

  private:
    // The part of one size.
    struct Part {
        Chunk* free = nullptr;
        size_t free_count = 0;
        uint8_t* fresh = nullptr;  // from here on never used
        uint8_t* end = nullptr;
    };

    BufferPool() = default;
    Chunk* take_of(size_t size_class);

    uint8_t* region_ = nullptr;
    size_t region_size_ = 0;
    size_t used_ = 0;
    std::array<Part, kChunkSizes.size()> parts_{};
    storage::StreamCounters* counters_ = nullptr;
};

}  // namespace gatepost::dataplane
