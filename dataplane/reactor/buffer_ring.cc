#include "dataplane/reactor/buffer_ring.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gatepost::dataplane {

namespace {

constexpr uint16_t kCountMax = 32768;  // the kernel's limit

void* map_memory(size_t size) {
    void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return p == MAP_FAILED ? nullptr : p;
}

}  // namespace

BufferRing& BufferRing::operator=(BufferRing&& other) noexcept {
    std::swap(entries_, other.entries_);
    std::swap(memory_, other.memory_);
    std::swap(stride_, other.stride_);
    std::swap(count_, other.count_);
    std::swap(group_, other.group_);
    std::swap(staged_, other.staged_);
    return *this;
}

BufferRing::~BufferRing() {
    if (entries_ != nullptr) ::munmap(entries_, count_ * sizeof(io_uring_buf));
    if (memory_ != nullptr) ::munmap(memory_, size_t{count_} * stride_);
}

Result<BufferRing> BufferRing::create(Ring& ring, uint16_t group, uint16_t count, uint32_t stride) {
    GATEPOST_CHECK(count > 0 && count <= kCountMax && (count & (count - 1)) == 0 && stride > 0);
    BufferRing made;
    made.count_ = count;
    made.stride_ = stride;
    made.group_ = group;
    made.memory_ = static_cast<uint8_t*>(map_memory(size_t{count} * stride));
    made.entries_ = static_cast<io_uring_buf_ring*>(map_memory(count * sizeof(io_uring_buf)));
    if (made.memory_ == nullptr || made.entries_ == nullptr)
        return fail(ErrorCode::refused, "getting {} KiB for receive buffers: {}",
                    size_t{count} * stride >> 10, std::strerror(errno));
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<uintptr_t>(made.entries_);
    registration.ring_entries = count;
    registration.bgid = group;
    int done = ::io_uring_register_buf_ring(ring.raw(), &registration, 0);
    if (done < 0)
        return fail(ErrorCode::refused, "registering {} receive buffers: {}", count,
                    std::strerror(-done));
    ::io_uring_buf_ring_init(made.entries_);
    for (uint16_t id = 0; id < count; ++id) made.give_back(id);
    made.publish();
    return made;
}

}  // namespace gatepost::dataplane
