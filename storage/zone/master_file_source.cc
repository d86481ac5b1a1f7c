#include "storage/zone/master_file_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "storage/base/unique_fd.h"

namespace gatepost::storage {

namespace {

constexpr size_t kReadMin = 1 << 16;  // octets asked for where the size is not known

tl::unexpected<Error> cannot_read(const std::string& path, int error) {
    ErrorCode code = error == EACCES || error == EPERM ? ErrorCode::permission : ErrorCode::refused;
    return fail(code, "cannot read '{}': {}", path, std::strerror(error));
}

// The file is read, not mapped: one that shrinks meanwhile must not end the process with SIGBUS.
Result<MasterText> read_all(int fd, const std::string& path, SourceKind kind) {
    struct stat status;
    if (::fstat(fd, &status) != 0) return cannot_read(path, errno);
    if (S_ISDIR(status.st_mode)) return cannot_read(path, EISDIR);
    if (kind == SourceKind::regular && !S_ISREG(status.st_mode))
        return fail(ErrorCode::refused,
                    "cannot read '{}': it is a pipe or a device, expected a plain file", path);
    MasterText loaded;
    loaded.device = status.st_dev;
    loaded.inode = status.st_ino;
    size_t used = 0;
    // One octet more than the file has, so that the first read short of the buffer is the last.
    loaded.text.resize(S_ISREG(status.st_mode) ? static_cast<size_t>(status.st_size) + 1
                                               : kReadMin);
    while (true) {
        if (used == loaded.text.size()) loaded.text.resize(used * 2);
        ssize_t got = ::read(fd, loaded.text.data() + used, loaded.text.size() - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot_read(path, errno);
        if (got == 0) break;
        used += static_cast<size_t>(got);
    }
    loaded.text.resize(used);
    return loaded;
}

}  // namespace

Result<MasterText> load_master_text(const std::string& path, SourceKind kind) {
    // Without O_NONBLOCK, opening a FIFO that nobody writes to would wait for ever.
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (kind == SourceKind::regular ? O_NONBLOCK : 0);
    UniqueFd fd(::open(path.c_str(), flags));
    if (!fd) return cannot_read(path, errno);
    return read_all(fd.get(), path, kind);
}

Result<MasterText> load_master_text_from_stdin() {
    return read_all(STDIN_FILENO, "stdin", SourceKind::any);
}

}  // namespace gatepost::storage
