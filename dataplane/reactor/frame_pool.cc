#include "dataplane/reactor/frame_pool.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "dataplane/reactor/poison.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

constexpr size_t kUnit = 64;            // octets: a cache line
constexpr size_t kPooledMax = 4096;     // octets; a larger frame is the system allocator's business
constexpr size_t kSlabSize = 64 << 10;  // octets
constexpr size_t kUnitsMax = kPooledMax / kUnit;

struct FreeBlock {
    FreeBlock* next;
};

// Of blocks by their size in units. Free blocks are poisoned as a whole.
class FreeLists {
  public:
    void* take(size_t units) {
        FreeBlock* block = lists_[units];
        if (block == nullptr) return nullptr;
        unpoison(block, units * kUnit);
        lists_[units] = block->next;
        return block;
    }
    void give(void* memory, size_t units) {
        auto* block = new (memory) FreeBlock{lists_[units]};
        lists_[units] = block;
        poison(block, units * kUnit);
    }

  private:
    std::array<FreeBlock*, kUnitsMax + 1> lists_{};
};

// All slabs there are, and the blocks of threads that have ended.
struct Estate {
    std::mutex mutex;
    FreeLists free;
    std::vector<std::unique_ptr<uint8_t[]>> slabs;

    // Never destroyed: a thread may end after everything else.
    static Estate& instance() {
        static auto* const kOne = new Estate;
        return *kOne;
    }

    uint8_t* add_slab() {
        slabs.push_back(std::make_unique<uint8_t[]>(kSlabSize + kUnit));
        uint8_t* slab = slabs.back().get();
        return slab + (kUnit - reinterpret_cast<uintptr_t>(slab) % kUnit) % kUnit;
    }
};

struct Pool {
    FreeLists free;
    uint8_t* fresh = nullptr;  // of the newest slab
    size_t left = 0;           // octets of it
    size_t used = 0;

    ~Pool() {
        Estate& estate = Estate::instance();
        std::lock_guard lock(estate.mutex);
        for (size_t units = 1; units <= kUnitsMax; ++units)
            while (void* block = free.take(units)) estate.free.give(block, units);
        give_rest(estate.free);
    }

    // What is left of the slab goes to `lists`.
    void give_rest(FreeLists& lists) {
        while (left != 0) {
            size_t octets = left < kPooledMax ? left : kPooledMax;
            lists.give(std::exchange(fresh, fresh + octets), octets / kUnit);
            left -= octets;
        }
    }

    void* take(size_t units) {
        if (void* block = free.take(units)) return block;
        if (left < units * kUnit) {
            Estate& estate = Estate::instance();
            std::lock_guard lock(estate.mutex);
            if (void* block = estate.free.take(units)) return block;
            give_rest(free);
            fresh = estate.add_slab();
            left = kSlabSize;
        }
        left -= units * kUnit;
        return std::exchange(fresh, fresh + units * kUnit);
    }
};

thread_local Pool pool;

}  // namespace

void* FramePool::allocate(size_t octets) {
    pool.used += octets;
    if (octets > kPooledMax) {
        void* frame = std::malloc(octets);
        GATEPOST_CHECK(frame != nullptr);
        return frame;
    }
    return pool.take((octets + kUnit - 1) / kUnit);
}

void FramePool::free(void* frame, size_t octets) {
    pool.used -= octets;
    if (octets > kPooledMax) return std::free(frame);
    pool.free.give(frame, (octets + kUnit - 1) / kUnit);
}

size_t FramePool::used_octets() {
    return pool.used;
}

}  // namespace gatepost::dataplane
