#include "storage/arena/block_allocator.h"

#include "storage/base/check.h"

namespace gatepost::storage {

namespace {

uint32_t units_of(size_t size) {
    return static_cast<uint32_t>((size + kRefUnit - 1) / kRefUnit);
}

}  // namespace

void BlockAllocator::put_free(Ref block, uint32_t units) {
    if (units <= kSmallUnits)
        small_[units].push_back(block);
    else
        large_.emplace(units, block);
}

Ref BlockAllocator::take_free(uint32_t units) {
    if (units <= kSmallUnits) {
        std::vector<Ref>& list = small_[units];
        if (list.empty()) return carve(units);
        Ref block = list.back();
        list.pop_back();
        return block;
    }
    auto it = large_.lower_bound(units);
    if (it == large_.end()) return 0;
    auto [found_units, block] = *it;
    large_.erase(it);
    if (uint32_t rest = found_units - units; rest > 0) put_free(block + units, rest);
    return block;
}

// Cuts small blocks out of what a grown table left behind, rather than making the arena larger.
Ref BlockAllocator::carve(uint32_t units) {
    if (carve_units_ < units) {
        if (carve_units_ > 0) put_free(carve_next_, carve_units_);
        carve_units_ = 0;
        if (large_.empty()) return 0;
        auto largest = std::prev(large_.end());
        carve_units_ = largest->first;
        carve_next_ = largest->second;
        large_.erase(largest);
    }
    Ref block = carve_next_;
    carve_next_ += units;
    carve_units_ -= units;
    return block;
}

Ref BlockAllocator::allocate(size_t size, size_t alignment) {
    uint32_t units = units_of(size);
    if (alignment == kRefUnit) {
        if (Ref block = take_free(units); block != 0) {
            free_bytes_ -= uint64_t{units} * kRefUnit;
            return block;
        }
    }
    uint64_t start = (high_water_ + alignment - 1) / alignment * alignment;
    uint64_t end = start + uint64_t{units} * kRefUnit;
    if (end + kArenaTailPadding > segment_.size()) return 0;
    high_water_ = end;
    return static_cast<Ref>(start / kRefUnit);
}

void BlockAllocator::free(Ref block, size_t size) {
    uint32_t units = units_of(size);
    GATEPOST_CHECK(block != 0 && units != 0);
    free_bytes_ += uint64_t{units} * kRefUnit;
    put_free(block, units);
}

void BlockAllocator::retire(Ref block, size_t size) {
    uint32_t units = units_of(size);
    // Writers of other arenas advance the epoch as well: it is read after the block was unlinked.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    retired_.push_back({qsbr_.epoch.load(std::memory_order_relaxed), block, units});
    retired_bytes_ += uint64_t{units} * kRefUnit;
}

void BlockAllocator::reclaim() {
    uint64_t below = qsbr_.reclaimable_below();
    while (!retired_.empty() && retired_.front().epoch < below) {
        Retired block = retired_.front();
        retired_.pop_front();
        retired_bytes_ -= uint64_t{block.units} * kRefUnit;
        free(block.block, size_t{block.units} * kRefUnit);
    }
}

}  // namespace gatepost::storage
