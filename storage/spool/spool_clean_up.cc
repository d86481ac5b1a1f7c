// What recovery changes in the folder. Kept from the scan, which only reads.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "storage/base/unique_fd.h"
#include "storage/spool/spool_scan.h"

namespace gatepost::storage {

namespace {

Status sync_folder(int directory) {
    const UniqueFd folder(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0)
        return fail(ErrorCode::refused, "making the folder of the message log durable: {}",
                    std::strerror(errno));
    return {};
}

uint64_t held_octets(const struct stat& about) {
    return static_cast<uint64_t>(about.st_blocks) * 512;  // the unit of stat(2)
}

}  // namespace

Result<uint64_t> spool_clean_up(int directory, const SpoolScan& scan) {
    uint64_t freed = 0;
    for (const SegmentName& name : scan.removable) {
        const std::string path = segment_file_name(name.number, name.kind);
        struct stat about {};
        if (::fstatat(directory, path.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (::unlinkat(directory, path.c_str(), 0) != 0)
            return fail(ErrorCode::refused, "removing the empty segment {}: {}", path,
                        std::strerror(errno));
        freed += held_octets(about);
    }
    for (const SpoolScan::Tail& tail : scan.tails) {
        const std::string path = segment_file_name(tail.name.number, tail.name.kind);
        const UniqueFd fd(::openat(directory, path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
        struct stat about {};
        if (!fd || ::fstat(fd.get(), &about) != 0 ||
            ::ftruncate(fd.get(), static_cast<off_t>(tail.used)) != 0)
            return fail(ErrorCode::refused, "cutting off the unused end of the segment {}: {}",
                        path, std::strerror(errno));
        freed += static_cast<uint64_t>(about.st_size) - tail.used;
    }
    if (Status synced = sync_folder(directory); !synced) return tl::unexpected(synced.error());
    return freed;
}

Status write_spool_checkpoint(int directory, const SpoolCheckpoint& checkpoint) {
    const std::string temporary(kSpoolCheckpointNewName), path(kSpoolCheckpointName);
    const std::vector<uint8_t> octets = encode_spool_checkpoint(checkpoint);
    const UniqueFd fd(::openat(directory, temporary.c_str(),
                               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd ||
        ::write(fd.get(), octets.data(), octets.size()) != static_cast<ssize_t>(octets.size()) ||
        ::fsync(fd.get()) != 0 ||
        ::renameat(directory, temporary.c_str(), directory, path.c_str()) != 0)
        return fail(ErrorCode::refused, "writing {}: {}", path, std::strerror(errno));
    return sync_folder(directory);
}

}  // namespace gatepost::storage
