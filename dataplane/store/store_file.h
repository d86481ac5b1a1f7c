// What the message log needs of a disk. One implementation asks the kernel (uring_directory.h);
// another simulates a disk that loses what was not synced (tests/unit/store).
//
// A coroutine that waits for any of these may be destroyed: what was asked for goes on, and its
// memory is kept for as long. Results are those of the system call, or a negative errno.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/reactor/task.h"
#include "dataplane/store/aligned_buffer.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

enum class Durability : uint8_t {
    later,  // with the next sync() of the file
    now,    // when the write has completed
};

// Closed when it is destroyed.
class StoreFile {
  public:
    virtual ~StoreFile() = default;
    // The first `size` octets of `memory`. In a file made as a segment, `size` and `offset` are
    // multiples of kSegmentBlock.
    virtual Task<int32_t> write(SharedBuffer memory, size_t size, uint64_t offset,
                                Durability durability) = 0;
    // Up to `size` octets into the beginning of `memory`.
    virtual Task<int32_t> read(SharedBuffer memory, size_t size, uint64_t offset) = 0;
    // Reserves the octets up to `size`, and makes the file that long.
    virtual Task<int32_t> allocate(uint64_t size) = 0;
    // The data and the size are durable then; the name is not: StoreDirectory::sync().
    virtual Task<int32_t> sync() = 0;
};

struct OpenedFile {
    std::unique_ptr<StoreFile> file;  // empty: `error`
    int32_t error = 0;                // a negative errno
};

class StoreDirectory {
  public:
    virtual ~StoreDirectory() = default;
    // A new file that is written to in blocks, past the page cache where that can be; -EEXIST.
    virtual Task<OpenedFile> create_segment(std::string name) = 0;
    // A file that is empty then, to be written in any pieces.
    virtual Task<OpenedFile> create_small(std::string name) = 0;
    virtual Task<OpenedFile> open(std::string name) = 0;  // for reading
    virtual Task<int32_t> rename(std::string from, std::string to) = 0;
    // Names made, renamed and removed before are durable then.
    virtual Task<int32_t> sync() = 0;
    // Nobody waits for it: a file that stays because of a crash is found at the next start.
    virtual void unlink(std::string name) = 0;
    // Octets that can still be taken of the disk. Does not wait.
    virtual uint64_t free_octets() = 0;
};

}  // namespace gatepost::dataplane
