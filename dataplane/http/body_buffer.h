// A request's body in one piece of the worker's buffers, while it comes. None is held for a body of
// no octets.
#pragma once

#include <utility>

#include "dataplane/stream/buffer_pool.h"

namespace gatepost::dataplane {

class BodyBuffer {
  public:
    BodyBuffer() = default;
    BodyBuffer(const BodyBuffer&) = delete;
    BodyBuffer& operator=(const BodyBuffer&) = delete;
    ~BodyBuffer() { clear(); }

    // False: the pool is empty. The sum is at most BufferPool::largest().
    [[nodiscard]] bool append(BufferPool& pool, Bytes octets);
    void clear();

    size_t size() const { return chunk_ == nullptr ? 0 : chunk_->length(); }
    Bytes content() const { return chunk_ == nullptr ? Bytes() : chunk_->content(); }

  private:
    BufferPool* pool_ = nullptr;
    Chunk* chunk_ = nullptr;
};

}  // namespace gatepost::dataplane
