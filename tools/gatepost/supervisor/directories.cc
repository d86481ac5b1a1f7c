#include "tools/gatepost/supervisor/directories.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace gatepost::tools {

namespace fs = std::filesystem;

namespace {

tl::unexpected<Error> cannot_make(const std::string& path, int error) {
    return fail(error == EACCES || error == EPERM ? ErrorCode::permission : ErrorCode::refused,
                "cannot make the directory {}: {}", path, std::strerror(error));
}

}  // namespace

Status make_directory(const std::string& path, unsigned mode, const SystemUser* owner) {
    std::error_code error;
    if (const fs::path parent = fs::path(path).parent_path(); !parent.empty())
        fs::create_directories(parent, error);
    if (error) return cannot_make(path, error.value());
    const bool is_new = ::mkdir(path.c_str(), mode & 0777) == 0;
    if (!is_new && errno != EEXIST) return cannot_make(path, errno);
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) return cannot_make(path, errno);
    if (!S_ISDIR(about.st_mode)) return cannot_make(path, ENOTDIR);
    if (owner != nullptr && about.st_uid != owner->uid &&
        ::chown(path.c_str(), owner->uid, owner->gid) != 0)
        return cannot_make(path, errno);
    // mkdir(2) knows no set-group-ID bit.
    if (is_new && (mode & ~0777U) != 0 && ::chmod(path.c_str(), mode) != 0)
        return cannot_make(path, errno);
    return {};
}

Result<UniqueFd> lock_instance(const std::string& directory, std::string_view key) {
    const std::string path = directory + "/gatepost.lock";
    UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!lock)
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::refused,
                    "cannot open {}: {}", path, std::strerror(errno));
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        char holder[32] = "";
        const ssize_t length = ::pread(lock.get(), holder, sizeof holder - 1, 0);
        const std::string pid(holder, static_cast<size_t>(length > 0 ? length : 0));
        return fail(
            ErrorCode::refused,
            "Gatepost already runs in {} (process {}); stop that one, or give this one another {}",
            directory, pid.empty() ? "unknown" : pid.substr(0, pid.find('\n')), key);
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(lock.get(), 0) != 0 ||
        ::pwrite(lock.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
        return fail(ErrorCode::refused, "cannot write {}: {}", path, std::strerror(errno));
    return lock;
}

}  // namespace gatepost::tools
