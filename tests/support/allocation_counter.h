// Counts what a thread allocates. An executable with a test of it lists allocation_counter.cc among
// its sources, which replaces the global operator new.
#pragma once

#include <cstdint>

namespace gatepost::tests {

// AddressSanitizer has an operator new of its own, and takes a mix of the two for a mistake.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kAllocationsCounted = false;
#else
inline constexpr bool kAllocationsCounted = true;
#endif

// By this thread since its start.
uint64_t allocation_count();

}  // namespace gatepost::tests
