// What a cycle of the time stamp counter is in nanoseconds. The kernel tells its frequency to
// nobody without a privilege, so it is measured: over the time that this object has existed.
#pragma once

#include <cstdint>
#include <optional>

namespace gatepost::controlplane {

class TscClock {
  public:
    TscClock();
    // nullopt while too little time has passed for it to be exact.
    std::optional<double> ns_per_cycle() const;

  private:
    uint64_t begin_cycles_;
    int64_t begin_ns_;
};

}  // namespace gatepost::controlplane
