#include "storage/arena/image_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>

#include "storage/base/crc32c.h"

namespace gatepost::storage {

namespace {

tl::unexpected<Error> failed(std::string_view doing, const std::string& path, int error) {
    return fail(ErrorCode::refused, "{} the checkpoint '{}': {}; the one before it stays", doing,
                path, std::strerror(error));
}

ImagePreamble preamble_of(const Segment& segment) {
    ImagePreamble preamble;
    std::memcpy(&preamble, segment.data(), sizeof preamble);
    return preamble;
}

// Fills the file by a mapping. Its blocks are reserved first: a full disk is an error here, not a
// SIGBUS.
Status write_octets(int fd, size_t size, const std::function<void(uint8_t*)>& fill,
                    const std::string& path) {
    if (int error = ::posix_fallocate(fd, 0, static_cast<off_t>(size)); error != 0)
        return failed("reserving room for", path, error);
    void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (p == MAP_FAILED) return failed("mapping", path, errno);
    auto* target = static_cast<uint8_t*>(p);
    fill(target);
    auto* preamble = reinterpret_cast<ImagePreamble*>(target);
    preamble->image_length = size;
    preamble->checksum = 0;
    preamble->checksum = crc32c({target, size});
    bool synced = ::msync(p, size, MS_SYNC) == 0;
    int error = errno;
    ::munmap(p, size);
    if (!synced || ::fsync(fd) != 0) return failed("writing", path, synced ? errno : error);
    return {};
}

}  // namespace

Status check_preamble(const Segment& segment, const ImageKind& kind, std::string_view what) {
    if (segment.size() < kind.header_size)
        return fail(ErrorCode::invalid, "{} is cut short: {} octets", what, segment.size());
    const ImagePreamble preamble = preamble_of(segment);
    if (preamble.magic != kind.magic)
        return fail(ErrorCode::invalid, "{} is not a Gatepost index image of that kind", what);
    if (preamble.format_version != kind.format_version)
        return fail(ErrorCode::invalid,
                    "{} has format version {}, this program reads version {}: it is rebuilt from "
                    "PostgreSQL",
                    what, preamble.format_version, kind.format_version);
    return {};
}

Status check_image_file(const Segment& segment, const ImageKind& kind, std::string_view what) {
    if (Status ok = check_preamble(segment, kind, what); !ok) return ok;
    const ImagePreamble preamble = preamble_of(segment);
    if (preamble.image_length != segment.size())
        return fail(ErrorCode::invalid,
                    "{} has {} octets, its header says {}: it is rebuilt from PostgreSQL", what,
                    segment.size(), preamble.image_length);
    const Bytes octets(segment.data(), segment.size());
    constexpr size_t kChecksumAt = offsetof(ImagePreamble, checksum);
    const uint8_t zero[sizeof preamble.checksum] = {};
    uint32_t crc = crc32c(octets.first(kChecksumAt));
    crc = crc32c(zero, crc);
    crc = crc32c(octets.subspan(kChecksumAt + sizeof zero), crc);
    if (crc != preamble.checksum)
        return fail(
            ErrorCode::invalid,
            "{} is damaged (CRC-32C {:08x}, expected {:08x}): it is rebuilt from PostgreSQL", what,
            crc, preamble.checksum);
    return {};
}

Status write_image_file(const std::string& path, size_t size,
                        const std::function<void(uint8_t*)>& fill) {
    const std::string temporary = path + ".new";
    const UniqueFd fd(
        ::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return failed("creating", temporary, errno);
    if (Status ok = write_octets(fd.get(), size, fill, temporary); !ok) {
        ::unlink(temporary.c_str());
        return ok;
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("renaming", temporary, errno);
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const UniqueFd folder_fd(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder_fd || ::fsync(folder_fd.get()) != 0) return failed("making durable", path, errno);
    return {};
}

}  // namespace gatepost::storage
