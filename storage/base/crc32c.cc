#include "storage/base/crc32c.h"

#include <nmmintrin.h>

#include <cstring>

namespace gatepost {

uint32_t crc32c(Bytes bytes, uint32_t crc) {
    const uint8_t* p = bytes.data();
    size_t left = bytes.size();
    uint64_t state = ~crc;
    for (; left >= 8; p += 8, left -= 8) {
        uint64_t word;
        std::memcpy(&word, p, sizeof word);
        state = _mm_crc32_u64(state, word);
    }
    auto state32 = static_cast<uint32_t>(state);
    for (; left > 0; ++p, --left) state32 = _mm_crc32_u8(state32, *p);
    return ~state32;
}

}  // namespace gatepost
