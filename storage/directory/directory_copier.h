// Copies a directory arena into fresh memory, compactly, while its writer goes on. The caller is an
// online QSBR reader for as long as the copier lives: what it sees stays in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/arena/slot_table.h"
#include "storage/directory/directory_header.h"

namespace gatepost::storage {

class DirectoryCopier {
  public:
    // Takes note of every entry.
    explicit DirectoryCopier(const uint8_t* source);

    size_t size() const { return size_; }  // octets that copy_to writes
    // `target` is zeroed memory of size() octets.
    void copy_to(uint8_t* target) const;

  private:
    const DirectoryHeader& header() const {
        return *reinterpret_cast<const DirectoryHeader*>(source_);
    }
    const DirectoryRecord* record_at(Ref ref) const {
        return reinterpret_cast<const DirectoryRecord*>(source_ + size_t{ref} * kRefUnit);
    }

    const uint8_t* source_;
    std::vector<Slot> found_;
    size_t size_ = 0;
    // As they were before the first entry was looked at.
    uint64_t version_ = 0;
    uint64_t commit_lsn_ = 0;
    int64_t commit_time_us_ = 0;
    int64_t published_time_us_ = 0;
};

}  // namespace gatepost::storage
