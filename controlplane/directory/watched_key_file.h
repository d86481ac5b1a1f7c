// The key file as this process has read it last. It may come, or get another key, while the
// process runs: whatever could not be opened before is then tried again.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "storage/secret/sealed.h"

namespace gatepost::controlplane {

class WatchedKeyFile {
  public:
    // Reads it; error() tells where that failed.
    explicit WatchedKeyFile(std::string path);

    // Reads it again where it is another one than before; true: ring() is another one. A file that
    // cannot be read leaves what was read before.
    bool refresh();
    // Told, by whoever calls refresh(), that ring() is another one.
    void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

    const storage::KeyRing& ring() const { return ring_; }
    // Why the file could not be read the last time; "" where it could.
    const std::string& error() const { return error_; }
    const std::string& path() const { return path_; }

  private:
    // What changes with the file's content.
    struct Mark {
        dev_t device = 0;
        ino_t inode = 0;
        off_t size = 0;
        mode_t mode = 0;
        uid_t owner = 0;
        int64_t changed_ns = 0;
        bool operator==(const Mark&) const = default;
    };
    Mark mark() const;
    bool read();

    std::string path_;
    storage::KeyRing ring_;
    std::string error_;
    Mark mark_;
    std::function<void()> changed_;
};

}  // namespace gatepost::controlplane
