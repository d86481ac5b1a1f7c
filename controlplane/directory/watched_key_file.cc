#include "controlplane/directory/watched_key_file.h"

#include <sys/stat.h>

namespace gatepost::controlplane {

WatchedKeyFile::WatchedKeyFile(std::string path) : path_(std::move(path)), mark_(mark()) {
    read();
}

bool WatchedKeyFile::refresh() {
    // Looked at first: a file that is replaced while it is read is read once more.
    const Mark now = mark();
    if (now == mark_) return false;
    mark_ = now;
    if (!read()) return false;
    if (changed_) changed_();
    return true;
}

WatchedKeyFile::Mark WatchedKeyFile::mark() const {
    struct stat about {};
    if (::stat(path_.c_str(), &about) != 0) return {};
    return {about.st_dev,  about.st_ino,
            about.st_size, about.st_mode,
            about.st_uid,  int64_t{about.st_ctim.tv_sec} * 1'000'000'000 + about.st_ctim.tv_nsec};
}

bool WatchedKeyFile::read() {
    auto ring = storage::KeyRing::load(path_);
    if (!ring) {
        error_ = ring.error().message;
        return false;
    }
    error_.clear();
    ring_ = std::move(*ring);
    return true;
}

}  // namespace gatepost::controlplane
