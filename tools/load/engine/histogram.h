// Durations counted in buckets whose width grows with the value: 128 to each power of two, so that
// a percentile is at most 0.8 % above the truth (Tene's HdrHistogram has the same shape). Fixed
// memory; a value that is longer than the last bucket counts there.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace gatepost::tools {

class Histogram {
  public:
    void add(uint64_t ns) {
        ++buckets_[std::min(bucket_of(ns), kBuckets - 1)];
        ++count_;
        sum_ns_ += ns;
        max_ns_ = std::max(max_ns_, ns);
    }
    void add(const Histogram& other);
    void clear() { *this = Histogram(); }

    uint64_t count() const { return count_; }
    uint64_t max_ns() const { return max_ns_; }
    uint64_t mean_ns() const { return count_ == 0 ? 0 : sum_ns_ / count_; }
    // The smallest value that `share` (0 to 1) of all values do not exceed, rounded up to its
    // bucket's end. 0 where there are none.
    uint64_t percentile_ns(double share) const;

  private:
    static constexpr unsigned kBits = 7;  // 128 buckets
    static constexpr unsigned kTop = 36;  // values up to 2^36 ns, 68 s
    static constexpr size_t kPerPower = size_t{1} << kBits;
    static constexpr size_t kBuckets = (kTop - kBits + 1) * kPerPower;

    // Values below 2^8 have a bucket each; above, the highest 8 bits name it.
    static size_t bucket_of(uint64_t ns) {
        auto width = static_cast<unsigned>(std::bit_width(ns));
        unsigned shift = width > kBits + 1 ? width - kBits - 1 : 0;
        return shift * kPerPower + (ns >> shift);
    }
    static uint64_t bucket_end(size_t bucket);

    std::array<uint64_t, kBuckets> buckets_{};
    uint64_t count_ = 0;
    uint64_t sum_ns_ = 0;
    uint64_t max_ns_ = 0;
};

}  // namespace gatepost::tools
