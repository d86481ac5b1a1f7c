// Octets in the order they came, in chunks of the pool.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <utility>

#include "dataplane/stream/buffer_pool.h"

namespace gatepost::dataplane {

class ChunkQueue {
  public:
    explicit ChunkQueue(BufferPool& pool) : pool_(&pool) {}
    ChunkQueue(const ChunkQueue&) = delete;
    ChunkQueue& operator=(const ChunkQueue&) = delete;
    ~ChunkQueue() { clear(); }

    // False: the pool is empty; nothing, or a part, has been taken then.
    [[nodiscard]] bool append(Bytes octets);
    // Room for `octets` in one piece behind the rest, for append_reserved(); nullptr: the pool is
    // empty.
    uint8_t* reserve(size_t octets);
    void append_reserved(size_t octets);

    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    Bytes front() const { return head_ == nullptr ? Bytes() : head_->content(); }
    void consume(size_t octets);
    void clear();
    // Moves everything of the other one behind what is here.
    void splice(ChunkQueue& other);
    // At most parts.size() pieces from the front; gives their number.
    size_t gather(std::span<iovec> parts) const;

  private:
    BufferPool* pool_;
    Chunk* head_ = nullptr;
    Chunk* tail_ = nullptr;
    size_t size_ = 0;
};

}  // namespace gatepost::dataplane
