#include "dataplane/stream/buffer_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "dataplane/reactor/poison.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

constexpr size_t kPage = 4096;
// Free chunks that keep their memory; what a peak has left beyond them goes back to the system.
constexpr size_t kResidentChunks = 64;
// Quarters of the region for each size. Records of TLS are most of what large transfers hold.
constexpr std::array<size_t, BufferPool::kChunkSizes.size()> kShares = {1, 2, 1};

}  // namespace

Result<BufferPool> BufferPool::create(size_t octets_max, storage::StreamCounters& counters) {
    std::array<size_t, kChunkSizes.size()> sizes;
    size_t total = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
        size_t chunks = std::max<size_t>(octets_max * kShares[i] / 4 / kChunkSizes[i], 1);
        sizes[i] = chunks * kChunkSizes[i];
        total += sizes[i];
    }
    void* region = ::mmap(nullptr, total, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED)
        return fail(ErrorCode::refused,
                    "reserving {} MiB for the buffers of connections: {}; allow fewer connections",
                    total >> 20, std::strerror(errno));
    BufferPool pool;
    pool.region_ = static_cast<uint8_t*>(region);
    pool.region_size_ = total;
    pool.counters_ = &counters;
    uint8_t* at = pool.region_;
    for (size_t i = 0; i < sizes.size(); ++i) {
        pool.parts_[i].fresh = at;
        pool.parts_[i].end = at += sizes[i];
    }
    poison(pool.region_, total);
    return pool;
}

BufferPool& BufferPool::operator=(BufferPool&& other) noexcept {
    std::swap(region_, other.region_);
    std::swap(region_size_, other.region_size_);
    std::swap(used_, other.used_);
    std::swap(parts_, other.parts_);
    std::swap(counters_, other.counters_);
    return *this;
}

BufferPool::~BufferPool() {
    if (region_ == nullptr) return;
    unpoison(region_, region_size_);
    ::munmap(region_, region_size_);
}

Chunk* BufferPool::take_of(size_t size_class) {
    Part& part = parts_[size_class];
    const size_t size = kChunkSizes[size_class];
    if (part.free != nullptr) {
        Chunk* chunk = part.free;
        unpoison(chunk, size);
        part.free = chunk->next;
        --part.free_count;
        return chunk;
    }
    if (static_cast<size_t>(part.end - part.fresh) < size) return nullptr;
    uint8_t* memory = std::exchange(part.fresh, part.fresh + size);
    unpoison(memory, size);
    return new (memory) Chunk{};
}

Chunk* BufferPool::take(size_t octets) {
    if (octets > largest()) return nullptr;
    size_t size_class = 0;
    while (octets > kChunkSizes[size_class] - sizeof(Chunk)) ++size_class;
    Chunk* chunk = take_of(size_class);
    while (chunk == nullptr && ++size_class < kChunkSizes.size()) chunk = take_of(size_class);
    if (chunk == nullptr) {
        storage::count(counters_->buffers_refused);
        return nullptr;
    }
    used_ += kChunkSizes[size_class];
    counters_->buffers_octets.store(used_, std::memory_order_relaxed);
    chunk->next = nullptr;
    chunk->size = static_cast<uint32_t>(kChunkSizes[size_class] - sizeof(Chunk));
    chunk->begin = chunk->end = 0;
    chunk->size_class = static_cast<uint32_t>(size_class);
    return chunk;
}

void BufferPool::give(Chunk* chunk) {
    const size_t size_class = chunk->size_class;
    GATEPOST_CHECK(size_class < kChunkSizes.size());
    const size_t size = kChunkSizes[size_class];
    Part& part = parts_[size_class];
    used_ -= size;
    counters_->buffers_octets.store(used_, std::memory_order_relaxed);
    // All but the first page, which has the chunk's header.
    if (size_class != 0 && part.free_count >= kResidentChunks)
        ::madvise(reinterpret_cast<uint8_t*>(chunk) + kPage, size - kPage, MADV_DONTNEED);
    chunk->next = part.free;
    part.free = chunk;
    ++part.free_count;
    poison(chunk, size);
}

}  // namespace gatepost::dataplane
