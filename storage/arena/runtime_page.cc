#include "storage/arena/runtime_page.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace gatepost::storage {

namespace {

Result<RuntimePage*> map_page(int fd) {
    void* p = ::mmap(nullptr, sizeof(RuntimePage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return fail(ErrorCode::refused, "mapping the runtime page: {}", std::strerror(errno));
    return static_cast<RuntimePage*>(p);
}

}  // namespace

RuntimeMapping& RuntimeMapping::operator=(RuntimeMapping&& other) noexcept {
    if (this != &other) {
        if (page_ != nullptr) ::munmap(page_, sizeof(RuntimePage));
        page_ = std::exchange(other.page_, nullptr);
        fd_ = std::move(other.fd_);
    }
    return *this;
}

RuntimeMapping::~RuntimeMapping() {
    if (page_ != nullptr) ::munmap(page_, sizeof(RuntimePage));
}

Result<RuntimeMapping> RuntimeMapping::create() {
    RuntimeMapping mapping;
    mapping.fd_ = UniqueFd(::memfd_create("gatepost-runtime", MFD_CLOEXEC));
    if (!mapping.fd_ || ::ftruncate(mapping.fd_.get(), sizeof(RuntimePage)) != 0)
        return fail(ErrorCode::refused, "creating the runtime page: {}", std::strerror(errno));
    auto page = map_page(mapping.fd_.get());
    if (!page) return tl::unexpected(page.error());
    mapping.page_ = new (*page) RuntimePage{};
    mapping.page_->magic = kRuntimePageMagic;
    return mapping;
}

Result<RuntimeMapping> RuntimeMapping::map(UniqueFd fd) {
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0 || static_cast<size_t>(about.st_size) != sizeof(RuntimePage))
        return fail(
            ErrorCode::invalid,
            "the runtime page handed over has the wrong size; supervisor and children must be of "
            "one build");
    auto page = map_page(fd.get());
    if (!page) return tl::unexpected(page.error());
    RuntimeMapping mapping;
    mapping.page_ = *page;
    mapping.fd_ = std::move(fd);
    if (mapping.page_->magic != kRuntimePageMagic)
        return fail(ErrorCode::invalid, "the runtime page handed over is not one of this version");
    return mapping;
}

void RuntimeMapping::clear_workers(size_t first, size_t count) {
    for (size_t i = first; i < first + count && i < kWorkersMax; ++i) {
        page_->qsbr.readers[i].offline();
        page_->workers[i].arena_generation.store(0, std::memory_order_relaxed);
        page_->workers[i].directory_generation.store(0, std::memory_order_relaxed);
        page_->workers[i].tcp_connections.store(0, std::memory_order_relaxed);
        page_->streams[i].open.store(0, std::memory_order_relaxed);
        page_->streams[i].buffers_octets.store(0, std::memory_order_relaxed);
    }
}

void RuntimeMapping::clear_dataplane() {
    clear_workers(0, page_->worker_count.load(std::memory_order_relaxed));
    page_->dataplane_pid.store(0, std::memory_order_relaxed);
}

void RuntimeMapping::clear_nic(size_t nic) {
    NicSlot& slot = page_->nics[nic];
    clear_workers(slot.first_worker.load(std::memory_order_relaxed),
                  slot.worker_count.load(std::memory_order_relaxed));
    slot.ready.store(0, std::memory_order_relaxed);
    slot.pid.store(0, std::memory_order_relaxed);
}

}  // namespace gatepost::storage
