// The time of a run, which a test can stand in for.
#pragma once

#include <time.h>

#include <cstdint>

namespace gatepost::tools {

class LoadClock {
  public:
    virtual ~LoadClock() = default;
    virtual uint64_t now_ns() = 0;  // never goes back
};

// The processor's time-stamp counter, by way of the kernel's page: some 20 ns a call, and it is
// asked a few times a burst.
class MonotonicClock final : public LoadClock {
  public:
    uint64_t now_ns() override {
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 +
               static_cast<uint64_t>(time.tv_nsec);
    }
};

}  // namespace gatepost::tools
