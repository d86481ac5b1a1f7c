// What the workers of a process share of the message log: the numbers of new segments, and how far
// each worker's messages are delivered. Every worker makes segments of its own.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "storage/base/check.h"

namespace gatepost::dataplane {

class LogNumbers {
  public:
    static constexpr unsigned kWorkersMax = 64;  // as many as the arenas have readers

    // `next`: above the number of every segment that there is or was.
    LogNumbers(uint32_t next, unsigned workers) : next_(next), workers_(workers) {
        GATEPOST_CHECK(workers > 0 && workers <= kWorkersMax && next > 0);
    }

    // 0 when there are no more: at a segment a second, after 136 years.
    uint32_t take() {
        uint32_t next = next_.load(std::memory_order_relaxed);
        while (next != 0 &&
               !next_.compare_exchange_weak(next, next + 1, std::memory_order_relaxed)) {
        }
        return next;
    }
    uint32_t next() const { return next_.load(std::memory_order_relaxed); }

    // Everything of this worker in segments below `floor` is delivered. Never called before the
    // worker has been told what an earlier process left to it.
    void publish_floor(unsigned worker, uint32_t floor) {
        floors_[worker].store(floor, std::memory_order_release);
    }
    // Of all workers; 0 while one of them does not know yet.
    uint32_t floor() const {
        uint32_t lowest = UINT32_MAX;
        for (unsigned worker = 0; worker < workers_; ++worker)
            lowest = std::min(lowest, floors_[worker].load(std::memory_order_acquire));
        return lowest;
    }

  private:
    std::atomic<uint32_t> next_;
    unsigned workers_;
    std::array<std::atomic<uint32_t>, kWorkersMax> floors_{};
};

}  // namespace gatepost::dataplane
