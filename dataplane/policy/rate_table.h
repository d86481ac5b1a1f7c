// How much of something each source may do in a time: "600 messages a minute". One table for all
// workers, of a fixed size, without locks: each slot is one atomic word.
//
// Counted is by the generic cell rate algorithm (ITU-T I.371): a slot has the time at which its
// source would be back at zero if it did nothing more. A source may do its whole number at once,
// and gets it back evenly over the period.
//
// Two sources whose hashes agree in 16 bits and share a set of slots share a budget as well; where
// a set is full, whoever would be back at zero first is forgotten. Both are within what limits of
// this kind are for.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace gatepost::dataplane {

struct RateLimit {
    uint64_t count = 0;      // at least 1
    uint64_t period_us = 0;  // microseconds; at least `count`
};

class RateTable {
  public:
    // `slots`: a power of two, at least kWays; 8 octets each.
    explicit RateTable(size_t slots = 65536);

    // Whether `source` (a hash) may do one more now; only then it is counted. `now_us`: of a clock
    // that never goes back, the same for all.
    bool take(uint64_t source, const RateLimit& limit, uint64_t now_us);

    static constexpr size_t kWays = 4;  // slots that one source can be in

  private:
    std::unique_ptr<std::atomic<uint64_t>[]> slots_;
    size_t count_;
};

}  // namespace gatepost::dataplane
