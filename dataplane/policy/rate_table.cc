#include "dataplane/policy/rate_table.h"

#include <algorithm>
#include <bit>

#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

// Of a slot: 16 bits of the source's hash, 48 of the time in microseconds: nine years.
constexpr int kTimeBits = 48;
constexpr uint64_t kTimeMask = (uint64_t{1} << kTimeBits) - 1;
// Of several workers that change one slot at the same moment all but a few succeed at once.
constexpr int kAttemptsMax = 16;

}  // namespace

RateTable::RateTable(size_t slots) : slots_(new std::atomic<uint64_t>[slots]()), count_(slots) {
    GATEPOST_CHECK(slots >= kWays && std::has_single_bit(slots));
}

bool RateTable::take(uint64_t source, const RateLimit& limit, uint64_t now_us) {
    const size_t first = source & (count_ - kWays);
    const uint64_t tag = source >> kTimeBits;
    const uint64_t interval_us = limit.period_us / limit.count;
    now_us &= kTimeMask;
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
        std::atomic<uint64_t>* chosen = nullptr;
        uint64_t word = 0;
        uint64_t zero_us = 0;  // when the source is back at zero
        for (size_t i = first; i < first + kWays; ++i) {
            const uint64_t here = slots_[i].load(std::memory_order_relaxed);
            const uint64_t until_us = here & kTimeMask;
            const bool own = here >> kTimeBits == tag && until_us > now_us;
            if (!own && chosen != nullptr && until_us >= (word & kTimeMask)) continue;
            chosen = &slots_[i];
            word = here;
            zero_us = own ? until_us : 0;
            if (own) break;
        }
        const uint64_t next_us = std::max(zero_us, now_us) + interval_us;
        if (next_us - now_us > limit.period_us) return false;
        if (chosen->compare_exchange_weak(word, tag << kTimeBits | (next_us & kTimeMask),
                                          std::memory_order_relaxed))
            return true;
    }
    return true;  // not counted, rather than refused for others' sake
}

}  // namespace gatepost::dataplane
