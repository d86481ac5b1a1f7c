// A folder of the kernel's, asked through a ring: nothing here blocks the worker but statfs(2).
// The ring has to take the operations OPENAT, READ, WRITE, FSYNC, FALLOCATE, UNLINKAT and RENAMEAT,
// and the process the calls close(2) and fstatfs(2).
#pragma once

#include <string>

#include "dataplane/reactor/ring.h"
#include "dataplane/store/store_file.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

class UringDirectory final : public StoreDirectory {
  public:
    // The ring outlives it, and is not destroyed before its last request has completed.
    UringDirectory(Ring& ring, UniqueFd directory)
        : ring_(ring), directory_(std::move(directory)) {}

    Task<OpenedFile> create_segment(std::string name) override;
    Task<OpenedFile> create_small(std::string name) override;
    Task<OpenedFile> open(std::string name) override;
    Task<int32_t> rename(std::string from, std::string to) override;
    Task<int32_t> sync() override;
    void unlink(std::string name) override;
    uint64_t free_octets() override;

  private:
    Task<OpenedFile> open_with(std::string name, int flags);

    Ring& ring_;
    UniqueFd directory_;
    bool is_direct_ = true;  // false once the file system has refused O_DIRECT
};

}  // namespace gatepost::dataplane
