// The time of a burst, by the clocks that the kernel keeps for everyone to read: no call is made,
// and a few milliseconds of coarseness do not matter to anyone who uses it.
#pragma once

#include <time.h>

#include "dataplane/dns/responder.h"

namespace gatepost::dataplane {

inline BurstTime burst_time() {
    timespec monotonic{}, unix_time{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &monotonic);
    ::clock_gettime(CLOCK_REALTIME_COARSE, &unix_time);
    return {.monotonic_ms = static_cast<uint64_t>(monotonic.tv_sec) * 1000 +
                            static_cast<uint64_t>(monotonic.tv_nsec) / 1'000'000,
            .unix_s = static_cast<uint32_t>(unix_time.tv_sec)};
}

}  // namespace gatepost::dataplane
