// nghttp2 set up as we use it: what all sessions of the process share, and the memory that one of
// them takes.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>

namespace gatepost::dataplane {

// Limits (http_limits.h) and behaviour; made once, never freed.
const nghttp2_option* http2_options();

// The allocator of one nghttp2 session, with a bound. It outlives the session.
class Http2Memory {
  public:
    Http2Memory() = default;
    Http2Memory(const Http2Memory&) = delete;
    Http2Memory& operator=(const Http2Memory&) = delete;

    nghttp2_mem* interface() { return &interface_; }
    size_t used_octets() const { return used_; }
    size_t allocations() const { return allocations_; }  // since the start

  private:
    static void* allocate(size_t size, void* memory);
    static void release(void* block, void* memory);
    static void* allocate_zeroed(size_t count, size_t size, void* memory);
    static void* reallocate(void* block, size_t size, void* memory);
    bool has_room(size_t octets) const;
    void* take(void* block);
    void forget(void* block);

    size_t used_ = 0;
    size_t allocations_ = 0;
    nghttp2_mem interface_ = {this, allocate, release, allocate_zeroed, reallocate};
};

}  // namespace gatepost::dataplane
