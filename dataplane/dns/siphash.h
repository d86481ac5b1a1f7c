// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of short inputs that nobody without the
// key can foretell.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace gatepost::dataplane {

namespace siphash_detail {

// The algorithm is little-endian, and so are the machines that this runs on.
static_assert(std::endian::native == std::endian::little);

inline uint64_t load(const uint8_t* p) {
    uint64_t word;
    std::memcpy(&word, p, sizeof word);
    return word;
}

struct State {
    uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void add(uint64_t word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }
};

}  // namespace siphash_detail

// `key` has 16 octets. The octets of the result in memory are those of the reference.
inline uint64_t siphash24(const uint8_t* key, const uint8_t* data, size_t length) {
    using siphash_detail::load;
    const uint64_t k0 = load(key), k1 = load(key + 8);
    siphash_detail::State s{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
                            k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
    const size_t left = length & 7;
    const uint8_t* const end = data + length - left;
    for (; data != end; data += 8) s.add(load(data));
    uint64_t last = uint64_t{length} << 56;
    for (size_t i = 0; i < left; ++i) last |= uint64_t{data[i]} << (8 * i);
    s.add(last);
    s.v2 ^= 0xff;
    for (int i = 0; i < 4; ++i) s.round();
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

}  // namespace gatepost::dataplane
