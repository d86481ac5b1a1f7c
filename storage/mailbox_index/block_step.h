// The blocks of one step of the writer: what it takes is given back unless the step is done; what
// it replaces is let go of only then.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

#include "storage/arena/block_allocator.h"

namespace gatepost::storage {

class BlockStep {
  public:
    BlockStep(BlockAllocator& blocks, Qsbr& qsbr) : blocks_(blocks), qsbr_(qsbr) {}
    BlockStep(const BlockStep&) = delete;
    BlockStep& operator=(const BlockStep&) = delete;
    ~BlockStep() {
        for (const auto& [block, size] : taken_) blocks_.free(block, size);
    }

    // Octets of the block that so many are put into: few sizes, since a free block is hardly used
    // for others than that it had. The blocks of chunks are such sizes.
    static size_t rounded(size_t size) {
        const size_t step = size <= kFineMax ? kFineStep : std::bit_floor(size) / 4;
        return (size + step - 1) / step * step;
    }

    // 0: the arena is full, also when all that readers have passed is free again.
    Ref take(size_t size_wanted) {
        const size_t size = rounded(size_wanted);
        Ref block = blocks_.allocate(size);
        if (block == 0) {
            qsbr_.advance();
            blocks_.reclaim();
            block = blocks_.allocate(size);
        }
        if (block != 0) taken_.emplace_back(block, size);
        return block;
    }
    // What `other` has taken is this step's from now on.
    void take_over(BlockStep& other) {
        taken_.insert(taken_.end(), other.taken_.begin(), other.taken_.end());
        other.taken_.clear();
    }
    // What the step replaces. Nothing happens for block 0.
    void drop(Ref block, size_t size) {
        if (block != 0) dropped_.emplace_back(block, rounded(size));
    }
    // The step has been linked.
    void done() {
        // The epoch under which blocks are retired is looked at behind the link: writers of other
        // arenas advance it as well.
        std::atomic_thread_fence(std::memory_order_seq_cst);
        for (const auto& [block, size] : dropped_) blocks_.retire(block, size);
        taken_.clear();
        dropped_.clear();
    }

  private:
    static constexpr size_t kFineMax = 4096;  // octets
    static constexpr size_t kFineStep = 64;   // octets

    BlockAllocator& blocks_;
    Qsbr& qsbr_;
    std::vector<std::pair<Ref, size_t>> taken_;
    std::vector<std::pair<Ref, size_t>> dropped_;
};

}  // namespace gatepost::storage
