// The time of day as the control plane counts it.
#pragma once

#include <chrono>
#include <cstdint>

namespace gatepost::controlplane {

// Microseconds since 1970.
inline int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace gatepost::controlplane
