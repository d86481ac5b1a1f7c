// The internet checksum (RFC 1071). Sums are kept in the machine's own octet order, unfolded, so
// that parts of a datagram are summed apart and added: the result is the same in either order (§2
// B).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace gatepost::dataplane {

template <typename Word>
inline Word load_native(const uint8_t* p) {
    Word word;
    std::memcpy(&word, p, sizeof word);
    return word;
}
template <typename Word>
inline void store_native(uint8_t* p, Word word) {
    std::memcpy(p, &word, sizeof word);
}

// A 16-bit number as it stands in a header, for adding to a sum.
inline uint16_t in_wire_order(size_t number) {
    return __builtin_bswap16(static_cast<uint16_t>(number));
}

// 64 bits as a term of a sum: 2^32 is 1 modulo 2^16 - 1.
inline uint64_t sum_word(uint64_t word) {
    return (word >> 32) + (word & 0xffffffff);
}

// The sum of `count` octets from `p` on, the last word filled up with zeros (RFC 1071 §4.1).
// Unfolded, below 2^47 for up to 65,535 octets.
inline uint64_t sum_octets(const uint8_t* p, size_t count) {
    using Lanes __attribute__((vector_size(16))) = uint64_t;
    constexpr Lanes kLow = {0xffffffff, 0xffffffff};
    Lanes low = {0, 0};
    Lanes high = {0, 0};
    const uint8_t* at = p;
    size_t left = count;
    for (; left >= 32; at += 32, left -= 32) {
        auto first = load_native<Lanes>(at);
        auto second = load_native<Lanes>(at + 16);
        low += (first & kLow) + (second & kLow);
        high += (first >> 32) + (second >> 32);
    }
    if (left & 16) {
        auto lanes = load_native<Lanes>(at);
        low += lanes & kLow;
        high += lanes >> 32;
        at += 16;
    }
    low += high;
    uint64_t sum = low[0] + low[1];
    if (left & 8) {
        sum += sum_word(load_native<uint64_t>(at));
        at += 8;
    }
    size_t rest = left & 7;
    if (rest == 0) return sum;
    if (count >= 8) [[likely]]  // the last 8 octets, without those that were added already
        return sum + sum_word(load_native<uint64_t>(p + count - 8) >> (8 * (8 - rest)));
    uint64_t word = 0;
    std::memcpy(&word, at, rest);
    return sum + sum_word(word);
}

// To 16 bits. Right for sums below 2^48.
inline uint16_t fold_sum(uint64_t sum) {
    sum = (sum >> 32) + (sum & 0xffffffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    return static_cast<uint16_t>(sum);
}

// What the checksum field holds where all else of what it covers adds up to `sum`; in wire order.
inline uint16_t checksum_of(uint64_t sum) {
    return static_cast<uint16_t>(~fold_sum(sum));
}
// The same of UDP, where 0 says that there is none: sent as ffff (RFC 768, RFC 8200 §8.1).
inline uint16_t udp_checksum_of(uint64_t sum) {
    uint16_t checksum = checksum_of(sum);
    return checksum == 0 ? uint16_t{0xffff} : checksum;
}

// Whether what `sum` covers, its checksum field included, arrived as it was sent.
inline bool is_right_sum(uint64_t sum) {
    return fold_sum(sum) == 0xffff;
}

}  // namespace gatepost::dataplane
