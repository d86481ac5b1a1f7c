#include "dataplane/http/http2_library.h"

#include <malloc.h>

#include <cstdlib>

#include "dataplane/http/http_limits.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

nghttp2_option* make_options() {
    nghttp2_option* option = nullptr;
    GATEPOST_CHECK(::nghttp2_option_new(&option) == 0);
    ::nghttp2_option_set_max_deflate_dynamic_table_size(option, kHttp2EncoderTable);
    ::nghttp2_option_set_max_continuations(option, kHttp2ContinuationsMax);
    ::nghttp2_option_set_max_settings(option, kHttp2SettingsMax);
    ::nghttp2_option_set_max_outbound_ack(option, kHttp2AcksMax);
    // Streams that are over are forgotten: they were kept for the priorities of RFC 7540 only.
    ::nghttp2_option_set_no_closed_streams(option, 1);
    return option;
}

Http2Memory& of(void* memory) {
    return *static_cast<Http2Memory*>(memory);
}

}  // namespace

const nghttp2_option* http2_options() {
    static const nghttp2_option* const kOptions = make_options();
    return kOptions;
}

bool Http2Memory::has_room(size_t octets) const {
    return used_ < kHttp2MemoryMax && octets <= kHttp2MemoryMax - used_;
}

void* Http2Memory::take(void* block) {
    if (block == nullptr) return nullptr;
    used_ += ::malloc_usable_size(block);
    ++allocations_;
    return block;
}

void Http2Memory::forget(void* block) {
    if (block != nullptr) used_ -= ::malloc_usable_size(block);
}

void* Http2Memory::allocate(size_t size, void* memory) {
    Http2Memory& self = of(memory);
    return self.has_room(size) ? self.take(std::malloc(size)) : nullptr;
}

void Http2Memory::release(void* block, void* memory) {
    of(memory).forget(block);
    std::free(block);
}

void* Http2Memory::allocate_zeroed(size_t count, size_t size, void* memory) {
    Http2Memory& self = of(memory);
    bool fits = size == 0 || (count <= kHttp2MemoryMax / size && self.has_room(count * size));
    return fits ? self.take(std::calloc(count, size)) : nullptr;
}

void* Http2Memory::reallocate(void* block, size_t size, void* memory) {
    Http2Memory& self = of(memory);
    if (!self.has_room(size)) return nullptr;
    size_t before = block == nullptr ? 0 : ::malloc_usable_size(block);
    void* moved = std::realloc(block, size);
    if (moved == nullptr) return nullptr;
    self.used_ -= before;
    return self.take(moved);
}

}  // namespace gatepost::dataplane
