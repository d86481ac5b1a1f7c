#include "controlplane/control/tsc_clock.h"

#include <x86intrin.h>

#include <chrono>

namespace gatepost::controlplane {

namespace {

// Reading both clocks takes well under a microsecond: an error below 1 in 10,000.
constexpr int64_t kBaselineNs = 10'000'000;

int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

TscClock::TscClock() : begin_cycles_(__rdtsc()), begin_ns_(now_ns()) {}

std::optional<double> TscClock::ns_per_cycle() const {
    const uint64_t cycles = __rdtsc() - begin_cycles_;
    const int64_t passed = now_ns() - begin_ns_;
    if (passed < kBaselineNs || cycles == 0) return std::nullopt;
    return static_cast<double>(passed) / static_cast<double>(cycles);
}

}  // namespace gatepost::controlplane
