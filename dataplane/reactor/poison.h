// Tells AddressSanitizer which memory of a pool of our own is nobody's, so that it reports a use of
// it as it does for memory of the system's allocator.
#pragma once

#include <cstddef>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace gatepost::dataplane {

inline void poison([[maybe_unused]] const void* memory, [[maybe_unused]] size_t octets) {
#ifdef __SANITIZE_ADDRESS__
    __asan_poison_memory_region(memory, octets);
#endif
}

inline void unpoison([[maybe_unused]] const void* memory, [[maybe_unused]] size_t octets) {
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(memory, octets);
#endif
}

}  // namespace gatepost::dataplane
