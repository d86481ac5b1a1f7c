#include "storage/message_log/segment_source.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace gatepost::storage {

namespace {

constexpr size_t kReadPiece = size_t{1} << 20;  // octets a call
constexpr size_t kSmallFileMax = 64 << 10;      // octets

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

// As many octets as there are; a negative errno.
ssize_t read_piece(int fd, uint8_t* room, size_t size, uint64_t offset) {
    for (;;) {
        const ssize_t got = ::pread(fd, room, size, static_cast<off_t>(offset));
        if (got >= 0) return got;
        if (errno != EINTR) return -errno;
    }
}

}  // namespace

Result<std::vector<SegmentFile>> DirectorySource::list() {
    const int fd = ::openat(directory_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, CloseDirectory> directory(fd < 0 ? nullptr : ::fdopendir(fd));
    if (!directory)
        return fail(ErrorCode::refused, "reading the folder of the message log: {}",
                    std::strerror(errno));
    std::vector<SegmentFile> files;
    errno = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
        const auto name = parse_segment_file_name(entry->d_name);
        if (!name) continue;
        struct stat about {};
        if (::fstatat(fd, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(about.st_mode))
            continue;
        files.push_back({*name, static_cast<uint64_t>(about.st_size)});
        errno = 0;
    }
    if (errno != 0)
        return fail(ErrorCode::refused, "reading the folder of the message log: {}",
                    std::strerror(errno));
    std::ranges::sort(files, {}, [](const SegmentFile& file) { return file.name.number; });
    return files;
}

Result<uint64_t> DirectorySource::read(const SegmentName& name, uint64_t offset,
                                       std::span<uint8_t> room) {
    const std::string path = segment_file_name(name.number, name.kind);
    const UniqueFd fd(::openat(directory_, path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd)
        return fail(ErrorCode::refused, "opening the segment {}: {}", path, std::strerror(errno));
    uint64_t unreadable = 0;
    for (size_t done = 0; done < room.size();) {
        const size_t wanted = std::min(kReadPiece, room.size() - done);
        ssize_t got = read_piece(fd.get(), room.data() + done, wanted, offset + done);
        // A bad spot of the disk costs its own block, and not the piece around it.
        size_t lost = std::min(kSegmentBlock, wanted);
        if (got < 0) got = read_piece(fd.get(), room.data() + done, lost, offset + done);
        if (got > 0) {
            done += static_cast<size_t>(got);
            continue;
        }
        if (got == 0) lost = room.size() - done;  // behind the end
        std::fill_n(room.begin() + static_cast<ptrdiff_t>(done), lost, kUnreadable);
        done += lost;
        unreadable += lost;
    }
    return unreadable;
}

Result<std::vector<uint8_t>> DirectorySource::read_file(const std::string& name) {
    const UniqueFd fd(::openat(directory_, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd && errno == ENOENT) return std::vector<uint8_t>{};
    if (!fd) return fail(ErrorCode::refused, "opening {}: {}", name, std::strerror(errno));
    std::vector<uint8_t> octets(kSmallFileMax);
    const ssize_t got = read_piece(fd.get(), octets.data(), octets.size(), 0);
    if (got < 0)
        return fail(ErrorCode::refused, "reading {}: {}", name,
                    std::strerror(static_cast<int>(-got)));
    octets.resize(static_cast<size_t>(got));
    return octets;
}

}  // namespace gatepost::storage
