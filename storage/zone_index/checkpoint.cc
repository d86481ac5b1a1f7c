// Writes an image to disk such that a reader finds either the whole new one or the whole old one.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "storage/base/crc32c.h"
#include "storage/zone_index/image.h"
#include "storage/zone_index/image_copier.h"

namespace gatepost::storage {

namespace {

class OnlineReader {
  public:
    OnlineReader(QsbrReader& reader, Qsbr& qsbr) : reader_(reader) { reader_.online(qsbr.epoch); }
    ~OnlineReader() { reader_.offline(); }
    OnlineReader(const OnlineReader&) = delete;
    OnlineReader& operator=(const OnlineReader&) = delete;

  private:
    QsbrReader& reader_;
};

tl::unexpected<Error> failed(std::string_view doing, const std::string& path, int error) {
    return fail(ErrorCode::refused, "{} the checkpoint '{}': {}; the one before it stays", doing,
                path, std::strerror(error));
}

// Fills the file by a mapping. Its blocks are reserved first: a full disk is an error here, not a
// SIGBUS.
Status fill(int fd, const ImageCopier& copier, const std::string& path) {
    size_t size = copier.size();
    if (int error = ::posix_fallocate(fd, 0, static_cast<off_t>(size)); error != 0)
        return failed("reserving room for", path, error);
    void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (p == MAP_FAILED) return failed("mapping", path, errno);
    auto* target = static_cast<uint8_t*>(p);
    copier.copy_to(target);
    auto* header = reinterpret_cast<ArenaHeader*>(target);
    header->image_length = size;
    header->checksum = 0;
    header->checksum = crc32c({target, size});
    bool synced = ::msync(p, size, MS_SYNC) == 0;
    int error = errno;
    ::munmap(p, size);
    if (!synced || ::fsync(fd) != 0) return failed("writing", path, synced ? errno : error);
    return {};
}

}  // namespace

Result<uint64_t> write_checkpoint(const Segment& source, Qsbr& qsbr, QsbrReader& reader,
                                  const std::string& path) {
    std::string temporary = path + ".new";
    UniqueFd fd(
        ::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return failed("creating", temporary, errno);
    uint64_t size;
    {
        OnlineReader online(reader, qsbr);
        ImageCopier copier(source.data());
        size = copier.size();
        if (Status ok = fill(fd.get(), copier, temporary); !ok) {
            ::unlink(temporary.c_str());
            return tl::unexpected(ok.error());
        }
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("renaming", temporary, errno);
    std::string folder = std::filesystem::path(path).parent_path().string();
    UniqueFd folder_fd(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder_fd || ::fsync(folder_fd.get()) != 0) return failed("making durable", path, errno);
    return size;
}

}  // namespace gatepost::storage
