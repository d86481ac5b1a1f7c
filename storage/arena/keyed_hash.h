// The keyed hash of what an arena is searched by. The key is random per arena, so that nobody can
// choose names that collide.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace gatepost::storage {

struct HashSecret {
    uint64_t a;
    uint64_t b;
};

inline uint64_t hash_fold(uint64_t x, uint64_t y) {
    __extension__ using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(x) * y;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint32_t hash_tag(uint64_t state) {
    return static_cast<uint32_t>(state ^ state >> 32);
}

// Of octets of a kind: the same octets of two kinds are two keys.
inline uint64_t hash_octets(const HashSecret& secret, uint8_t kind, std::string_view octets) {
    // The length goes into the factor: "ab" and "ab\0" differ.
    const uint64_t key = secret.b ^ (uint64_t{octets.size()} << 32 | octets.size());
    uint64_t state = secret.a ^ kind;
    const char* at = octets.data();
    size_t left = octets.size();
    uint64_t word = 0;
    for (; left > sizeof word; at += sizeof word, left -= sizeof word) {
        std::memcpy(&word, at, sizeof word);
        state = hash_fold(state ^ word, key);
    }
    word = 0;
    if (left != 0) std::memcpy(&word, at, left);
    return hash_fold(hash_fold(state ^ word, key), secret.a);
}

}  // namespace gatepost::storage
