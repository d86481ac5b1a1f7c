// The keyed hash of domain names, computed label by label from the root, so that one pass over a
// name gives the hash of each of its suffixes: a miss goes on with the ancestors for nothing.
#pragma once

#include <cstdint>
#include <cstring>

#include "storage/arena/keyed_hash.h"
#include "storage/zone/dname.h"

namespace gatepost::storage {

// State after the root: the hash of ".".
inline uint64_t hash_root(const HashSecret& secret) {
    return secret.a;
}

// Adds a label (lower-cased; `label` points at its length octet). Reads up to 8 octets behind the
// label: the caller's buffer is padded by that much.
inline uint64_t hash_label(const HashSecret& secret, uint64_t state, const uint8_t* label) {
    size_t left = label[0];
    const uint8_t* p = label + 1;
    // The length goes into the first factor: ("ab","c") and ("a","bc") differ.
    uint64_t key = secret.b ^ (uint64_t{label[0]} << 32 | label[0]);
    while (left > 8) {
        uint64_t word;
        std::memcpy(&word, p, 8);
        state = hash_fold(state ^ word, key);
        p += 8;
        left -= 8;
    }
    uint64_t word;
    std::memcpy(&word, p, 8);
    word &= ~uint64_t{0} >> (64 - 8 * left);
    return hash_fold(state ^ word, key);
}

inline constexpr size_t kNamePadding =
    8;  // octets readable behind a name that is hashed or compared

// ASCII upper case to lower case in all octets of a wire name, 8 at a time; a length octet is at
// most 63 and stays. Writes a multiple of 8 octets.
inline void lower_copy(uint8_t* to, const uint8_t* from, size_t length) {
    constexpr uint64_t kOnes = 0x0101010101010101;
    for (size_t i = 0; i < length; i += 8) {
        uint64_t word;
        std::memcpy(&word, from + i, 8);
        uint64_t low7 = word & (kOnes * 0x7f);
        // Bit 7 of each octet: >= 'A', and > 'Z'; octets of 0x80 and above are left alone.
        uint64_t above_a = low7 + kOnes * (0x80 - 'A');
        uint64_t above_z = low7 + kOnes * (0x80 - 'Z' - 1);
        uint64_t upper = (above_a & ~above_z & ~word) & (kOnes * 0x80);
        word |= upper >> 2;
        std::memcpy(to + i, &word, 8);
        __asm__ volatile("");  // names are short: vectorised, the loop would cost more
    }
}

// Whether two names are the same octets. Both are readable up to a multiple of 8 octets.
inline bool equal_padded(const uint8_t* a, const uint8_t* b, size_t length) {
    for (; length >= 8; a += 8, b += 8, length -= 8) {
        uint64_t x, y;
        std::memcpy(&x, a, 8);
        std::memcpy(&y, b, 8);
        if (x != y) return false;
    }
    if (length == 0) return true;
    uint64_t x, y;
    std::memcpy(&x, a, 8);
    std::memcpy(&y, b, 8);
    return (x ^ y) << (64 - 8 * length) == 0;
}

// A lower-cased name with the hash of each suffix: hash[d] is that of its last d labels.
struct HashedName {
    uint8_t octets[kDnameLengthMax + kNamePadding + 1];
    uint8_t length;                       // octets
    uint8_t labels;                       // without the root
    uint8_t offsets[kLabelCountMax + 1];  // offsets[d]: where the suffix of d labels begins
    uint64_t hashes[kLabelCountMax + 1];

    // `octets`, `length`, `labels` and `offsets` are set; fills `hashes`.
    void hash(const HashSecret& secret) {
        uint64_t state = hash_root(secret);
        hashes[0] = state;
        for (size_t d = 1; d <= labels; ++d) {
            state = hash_label(secret, state, octets + offsets[d]);
            hashes[d] = state;
        }
    }
    // Sets `labels` and `offsets` from `octets` and `length`.
    void index_labels() {
        uint8_t starts[kLabelCountMax];
        size_t count = 0;
        for (size_t at = 0; octets[at] != 0; at += size_t{octets[at]} + 1)
            starts[count++] = static_cast<uint8_t>(at);
        labels = static_cast<uint8_t>(count);
        offsets[0] = static_cast<uint8_t>(length - 1);
        for (size_t i = 0; i < count; ++i) offsets[count - i] = starts[i];
    }
    // Sets everything from a well-formed uncompressed name; `name` need not be padded.
    void assign(DnameView name, const HashSecret& secret);

    uint32_t tag(size_t depth) const { return hash_tag(hashes[depth]); }
    DnameView suffix(size_t depth) const {
        return {octets + offsets[depth], size_t{length} - offsets[depth]};
    }
};

}  // namespace gatepost::storage
