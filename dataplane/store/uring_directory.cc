#include "dataplane/store/uring_directory.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#include <cerrno>
#include <utility>

#include "dataplane/store/file_request.h"

namespace gatepost::dataplane {

namespace {

constexpr mode_t kMode = 0640;  // the group is the control plane, which exports and hands mail on

class UringFile final : public StoreFile {
  public:
    UringFile(Ring& ring, int fd) : ring_(ring), fd_(fd) {}

    Task<int32_t> write(SharedBuffer memory, size_t size, uint64_t offset,
                        Durability durability) override {
        const uint8_t* octets = memory->data();
        FileRequest writing(ring_, std::move(memory), [&](io_uring_sqe* request) {
            ::io_uring_prep_write(request, fd_.get(), octets, static_cast<unsigned>(size), offset);
            if (durability == Durability::now) request->rw_flags = RWF_DSYNC;
        });
        int32_t written = co_await writing;
        co_return written;
    }
    Task<int32_t> read(SharedBuffer memory, size_t size, uint64_t offset) override {
        uint8_t* room = memory->data();
        FileRequest reading(ring_, std::move(memory), [&](io_uring_sqe* request) {
            ::io_uring_prep_read(request, fd_.get(), room, static_cast<unsigned>(size), offset);
        });
        int32_t got = co_await reading;
        co_return got;
    }
    Task<int32_t> allocate(uint64_t size) override {
        FileRequest asking(ring_, nullptr, [&](io_uring_sqe* request) {
            ::io_uring_prep_fallocate(request, fd_.get(), 0, 0, static_cast<off_t>(size));
        });
        int32_t done = co_await asking;
        co_return done;
    }
    Task<int32_t> sync() override {
        FileRequest asking(ring_, nullptr, [&](io_uring_sqe* request) {
            ::io_uring_prep_fsync(request, fd_.get(), IORING_FSYNC_DATASYNC);
        });
        int32_t done = co_await asking;
        co_return done;
    }

  private:
    Ring& ring_;
    UniqueFd fd_;
};

}  // namespace

Task<OpenedFile> UringDirectory::open_with(std::string name, int flags) {
    auto path = std::make_shared<std::string>(std::move(name));
    FileRequest opening(ring_, path, [&](io_uring_sqe* request) {
        ::io_uring_prep_openat(request, directory_.get(), path->c_str(),
                               flags | O_CLOEXEC | O_NOFOLLOW, kMode);
    });
    opening.of_descriptor();
    int32_t fd = co_await opening;
    OpenedFile opened;
    if (fd < 0) {
        opened.error = fd;
    } else {
        opened.file = std::make_unique<UringFile>(ring_, fd);
    }
    co_return opened;
}

Task<OpenedFile> UringDirectory::create_segment(std::string name) {
    if (is_direct_) {
        OpenedFile opened = co_await open_with(name, O_RDWR | O_CREAT | O_EXCL | O_DIRECT);
        if (opened.error != -EINVAL) co_return opened;
        // The file is there now: open(2) finds out after it has made it.
        is_direct_ = false;
        OpenedFile buffered = co_await open_with(name, O_RDWR | O_CREAT);
        co_return buffered;
    }
    OpenedFile opened = co_await open_with(name, O_RDWR | O_CREAT | O_EXCL);
    co_return opened;
}

Task<OpenedFile> UringDirectory::create_small(std::string name) {
    OpenedFile opened = co_await open_with(name, O_RDWR | O_CREAT | O_TRUNC);
    co_return opened;
}

Task<OpenedFile> UringDirectory::open(std::string name) {
    OpenedFile opened = co_await open_with(name, O_RDONLY);
    co_return opened;
}

Task<int32_t> UringDirectory::rename(std::string from, std::string to) {
    auto paths =
        std::make_shared<std::pair<std::string, std::string>>(std::move(from), std::move(to));
    FileRequest asking(ring_, paths, [&](io_uring_sqe* request) {
        ::io_uring_prep_renameat(request, directory_.get(), paths->first.c_str(), directory_.get(),
                                 paths->second.c_str(), 0);
    });
    int32_t done = co_await asking;
    co_return done;
}

Task<int32_t> UringDirectory::sync() {
    FileRequest asking(ring_, nullptr, [&](io_uring_sqe* request) {
        ::io_uring_prep_fsync(request, directory_.get(), 0);
    });
    int32_t done = co_await asking;
    co_return done;
}

void UringDirectory::unlink(std::string name) {
    auto path = std::make_shared<std::string>(std::move(name));
    const FileRequest unlinking(ring_, path, [&](io_uring_sqe* request) {
        ::io_uring_prep_unlinkat(request, directory_.get(), path->c_str(), 0);
    });
}

uint64_t UringDirectory::free_octets() {
    struct statvfs about {};
    // What cannot be found out does not stop mail: the write will tell.
    if (::fstatvfs(directory_.get(), &about) != 0) return UINT64_MAX;
    return uint64_t{about.f_bavail} * about.f_frsize;
}

}  // namespace gatepost::dataplane
