#include "controlplane/certificate/key_file.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "controlplane/certificate/openssl.h"
#include "storage/base/unique_fd.h"

namespace gatepost::controlplane {

namespace {

constexpr std::string_view kPreamble =
    "# Gatepost: the private keys in the database are sealed with this key. Keep a copy in a safe\n"
    "# place, apart from copies of the database. All edges of one database share this file.\n";

tl::unexpected<Error> failed(std::string_view doing, const std::string& path) {
    const int error = errno;
    return fail(error == EACCES || error == EPERM || error == EROFS ? ErrorCode::permission
                                                                    : ErrorCode::refused,
                "{} the key file {}: {}", doing, path, std::strerror(error));
}

void append_hex(std::string& out, const uint8_t* octets, size_t size) {
    for (size_t i = 0; i < size; ++i) out += fmt::format("{:02x}", octets[i]);
}

// The content of a new file; to be wiped.
Result<std::string> new_content() {
    storage::SealingKey key;
    if (RAND_bytes(key.id.data(), static_cast<int>(key.id.size())) != 1 ||
        RAND_priv_bytes(key.key.data(), static_cast<int>(key.key.size())) != 1)
        return fail(ErrorCode::refused, "no random numbers for a new key ({})", openssl_reason());
    std::string content;
    content.reserve(kPreamble.size() + 2 * (key.id.size() + key.key.size()) + 2);
    content += kPreamble;
    append_hex(content, key.id.data(), key.id.size());
    content += ' ';
    append_hex(content, key.key.data(), key.key.size());
    content += '\n';
    ::explicit_bzero(&key, sizeof key);
    return content;
}

// Root makes the file for whoever owns the folder.
Status give_to_owner(int fd, const std::string& folder, const std::string& path) {
    struct stat about {};
    if (::stat(folder.c_str(), &about) != 0) return failed("making", path);
    if (::geteuid() != 0 || about.st_uid == 0) return {};
    if (::fchown(fd, about.st_uid, about.st_gid) != 0) return failed("giving away", path);
    return {};
}

Status write_all(int fd, const std::string& content, const std::string& path) {
    size_t written = 0;
    while (written < content.size()) {
        const ssize_t count = ::write(fd, content.data() + written, content.size() - written);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return failed("writing", path);
        written += static_cast<size_t>(count);
    }
    if (::fsync(fd) != 0) return failed("writing", path);
    return {};
}

// Whole under another name first: nobody may ever load half a key.
Status write_new(const std::string& path, const std::string& folder, const std::string& content) {
    const std::string temporary = fmt::format("{}.new.{}", path, ::getpid());
    ::unlink(temporary.c_str());
    const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) return failed("making", path);
    Status done = give_to_owner(fd.get(), folder, path);
    if (done) done = write_all(fd.get(), content, path);
    // Unlike rename, link never replaces what another process has made meanwhile.
    if (done && ::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST)
        done = failed("making", path);
    ::unlink(temporary.c_str());
    const UniqueFd folder_fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (done && folder_fd && ::fsync(folder_fd.get()) != 0) done = failed("making", path);
    return done;
}

}  // namespace

Result<storage::KeyRing> ensure_key_file(const std::string& path) {
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) {
        if (errno != ENOENT) return failed("looking at", path);
        const std::string parent = std::filesystem::path(path).parent_path();
        const std::string folder = parent.empty() ? "." : parent;
        if (::stat(folder.c_str(), &about) != 0)
            return fail(ErrorCode::refused,
                        "the key file {} cannot be made: its folder does not exist; `gatepost run` "
                        "makes it",
                        path);
        auto content = new_content();
        if (!content) return tl::unexpected(std::move(content).error());
        const Status written = write_new(path, folder, *content);
        ::explicit_bzero(content->data(), content->size());
        if (!written) return tl::unexpected(written.error());
    }
    return storage::KeyRing::load(path);
}

}  // namespace gatepost::controlplane
