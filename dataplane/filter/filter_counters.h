// What a worker counts about its filter; written by that worker only, read by anyone.
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/arena/qsbr.h"
#include "storage/arena/stream_counters.h"

namespace gatepost::dataplane {

struct alignas(storage::kCacheLine) FilterCounters {
    std::atomic<uint64_t> messages;   // that were looked into as a whole
    std::atomic<uint64_t> matched;    // of these, with a rule that matched
    std::atomic<uint64_t> rejected;   // refused by a rule, or by their score
    std::atomic<uint64_t> discarded;  // accepted, and delivered nowhere
    std::atomic<uint64_t> junk;       // filed as junk
    std::atomic<uint64_t> unscanned;  // bodies that were not looked into, as memory was lacking
    std::atomic<uint64_t> loads;      // of new rules
    std::atomic<uint64_t> load_failures;
};

}  // namespace gatepost::dataplane
