// Segments that are open for reading, the least used ones closed: bodies are read by place.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <unordered_map>

#include "dataplane/reactor/task.h"
#include "dataplane/store/store_file.h"

namespace gatepost::dataplane {

class OpenSegments {
  public:
    // Descriptors of a worker for this: what a mailbox list touches lies in few segments.
    static constexpr size_t kOpenMax = 64;
    // Octets that one read asks the disk for.
    static constexpr size_t kPiece = 256 << 10;

    explicit OpenSegments(StoreDirectory& directory) : directory_(directory) {}

    // Fills `room` from `offset` on: the number of octets, fewer only at the file's end, or a
    // negative errno.
    Task<int64_t> read(uint32_t segment, uint64_t offset, std::span<uint8_t> room);
    // The file is about to be removed.
    void forget(uint32_t segment);

  private:
    using File = std::shared_ptr<StoreFile>;
    struct Entry {
        File file;
        std::list<uint32_t>::iterator place;
    };

    Task<File> find(uint32_t segment, int32_t& error);

    StoreDirectory& directory_;
    std::list<uint32_t> used_;  // the latest first
    std::unordered_map<uint32_t, Entry> open_;
};

}  // namespace gatepost::dataplane
