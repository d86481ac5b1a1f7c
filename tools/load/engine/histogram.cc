#include "tools/load/engine/histogram.h"

#include <cmath>

namespace gatepost::tools {

void Histogram::add(const Histogram& other) {
    for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    sum_ns_ += other.sum_ns_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
}

uint64_t Histogram::bucket_end(size_t bucket) {
    if (bucket < 2 * kPerPower) return bucket;
    size_t shift = bucket / kPerPower - 1;
    uint64_t first = (kPerPower + bucket % kPerPower) << shift;
    return first + (uint64_t{1} << shift) - 1;
}

uint64_t Histogram::percentile_ns(double share) const {
    if (count_ == 0) return 0;
    auto rank = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_)));
    rank = std::clamp<uint64_t>(rank, 1, count_);
    uint64_t seen = 0;
    for (size_t i = 0; i < kBuckets; ++i) {
        seen += buckets_[i];
        if (seen >= rank) return i == kBuckets - 1 ? max_ns_ : std::min(bucket_end(i), max_ns_);
    }
    return max_ns_;
}

}  // namespace gatepost::tools
