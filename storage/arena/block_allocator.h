// Hands out blocks of an arena to its writer: freed blocks of the very size first, then fresh ones
// from the high-water mark. A block that readers may still see is retired, and freed once QSBR
// allows. The book-keeping lives on the writer's heap: the arena holds nothing but records.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "storage/arena/arena_header.h"
#include "storage/arena/qsbr.h"
#include "storage/arena/segment.h"

namespace gatepost::storage {

class BlockAllocator {
  public:
    BlockAllocator(Segment& segment, Qsbr& qsbr) : segment_(segment), qsbr_(qsbr) {}

    // `size` octets rounded up to kRefUnit, aligned to kRefUnit, or to `alignment` (fresh blocks
    // only). 0: the arena is full.
    Ref allocate(size_t size, size_t alignment = kRefUnit);
    // Of a block that no reader can have seen.
    void free(Ref block, size_t size);
    // Of a block that was unlinked: freed when every reader has moved on.
    void retire(Ref block, size_t size);
    // Frees what readers have passed.
    void reclaim();

    uint64_t used_bytes() const { return high_water_; }
    uint64_t free_bytes() const { return free_bytes_; }
    uint64_t retired_bytes() const { return retired_bytes_; }

  private:
    static constexpr size_t kSmallUnits = 256;  // blocks up to 4 KiB have a list of their size

    struct Retired {
        uint64_t epoch;
        Ref block;
        uint32_t units;
    };

    Ref take_free(uint32_t units);
    Ref carve(uint32_t units);
    void put_free(Ref block, uint32_t units);

    Segment& segment_;
    Qsbr& qsbr_;
    uint64_t high_water_ = kArenaHeaderSize;
    uint64_t free_bytes_ = 0;
    uint64_t retired_bytes_ = 0;
    std::array<std::vector<Ref>, kSmallUnits + 1> small_;
    std::multimap<uint32_t, Ref> large_;  // by units
    Ref carve_next_ = 0;                  // a large free block that small ones are cut from
    uint32_t carve_units_ = 0;
    std::deque<Retired> retired_;  // epochs ascend
};

}  // namespace gatepost::storage
