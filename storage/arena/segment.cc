#include "storage/arena/segment.h"

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace gatepost::storage {

namespace {

constexpr size_t kHugePage = size_t{2} << 20;  // octets

// A hugetlb memfd promises its pages at mmap; where there are not enough of them the mapping fails
// at once, never later by SIGBUS.
uint8_t* map_shared(int fd, size_t size, int protection) {
    void* p = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
    return p == MAP_FAILED ? nullptr : static_cast<uint8_t*>(p);
}

}  // namespace

Segment& Segment::operator=(Segment&& other) noexcept {
    if (this != &other) {
        if (data_ != nullptr) ::munmap(data_, size_);
        data_ = std::exchange(other.data_, nullptr);
        size_ = std::exchange(other.size_, 0);
        fd_ = std::move(other.fd_);
        pages_ = other.pages_;
    }
    return *this;
}

Segment::~Segment() {
    if (data_ != nullptr) ::munmap(data_, size_);
}

Result<Segment> Segment::create(const std::string& name, size_t size, PageKind wanted) {
    size = (size + kHugePage - 1) & ~(kHugePage - 1);
    Segment segment;
    segment.size_ = size;
    for (PageKind pages : {PageKind::huge, PageKind::plain}) {
        if (pages == PageKind::huge && wanted != PageKind::huge) continue;
        unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
        if (pages == PageKind::huge) flags |= MFD_HUGETLB | MFD_HUGE_2MB;
        UniqueFd fd(::memfd_create(name.c_str(), flags));
        if (!fd) continue;
        if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) continue;
        uint8_t* data = map_shared(fd.get(), size, PROT_READ | PROT_WRITE);
        if (data == nullptr) continue;
        // Only this mapping may ever write; the size stays (a reader could be hit by SIGBUS
        // otherwise).
        if (::fcntl(fd.get(), F_ADD_SEALS,
                    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0) {
            ::munmap(data, size);
            return fail(ErrorCode::refused,
                        "sealing the index segment '{}': {}; Gatepost needs Linux 5.1 or newer",
                        name, std::strerror(errno));
        }
        segment.data_ = data;
        segment.fd_ = std::move(fd);
        segment.pages_ = pages;
        // Where the kernel may use transparent huge pages for shared memory, let it.
        if (pages == PageKind::plain) ::madvise(data, size, MADV_HUGEPAGE);
        return segment;
    }
    return fail(
        ErrorCode::refused,
        "creating the index segment '{}' of {} MiB: {}; lower [arena] size_max or free memory",
        name, size >> 20, std::strerror(errno));
}

Result<Segment> Segment::map_readonly(UniqueFd fd) {
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0 || about.st_size <= 0)
        return fail(ErrorCode::invalid, "the index segment handed over has no size: {}",
                    std::strerror(errno));
    Segment segment;
    segment.size_ = static_cast<size_t>(about.st_size);
    segment.data_ = map_shared(fd.get(), segment.size_, PROT_READ);
    if (segment.data_ == nullptr)
        return fail(ErrorCode::refused, "mapping the index segment of {} MiB: {}",
                    segment.size_ >> 20, std::strerror(errno));
    segment.fd_ = std::move(fd);
    return segment;
}

Result<Segment> Segment::map_file(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail(ErrorCode::refused, "opening '{}': {}", path, std::strerror(errno));
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0)
        return fail(ErrorCode::refused, "reading the size of '{}': {}", path, std::strerror(errno));
    if (about.st_size <= 0) return fail(ErrorCode::invalid, "'{}' is empty", path);
    Segment segment;
    segment.size_ = static_cast<size_t>(about.st_size);
    void* p = ::mmap(nullptr, segment.size_, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd.get(), 0);
    if (p == MAP_FAILED)
        return fail(ErrorCode::refused, "mapping '{}': {}", path, std::strerror(errno));
    segment.data_ = static_cast<uint8_t*>(p);
    segment.fd_ = std::move(fd);
    return segment;
}

}  // namespace gatepost::storage
