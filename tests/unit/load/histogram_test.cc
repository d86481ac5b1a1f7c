#include "tools/load/engine/histogram.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace gatepost::tools {
namespace {

TEST(Histogram, EmptyGivesZero) {
    Histogram histogram;
    EXPECT_EQ(histogram.percentile_ns(0.5), 0u);
    EXPECT_EQ(histogram.mean_ns(), 0u);
}

TEST(Histogram, OneValueIsEveryPercentile) {
    for (uint64_t value : {0ull, 1ull, 255ull, 256ull, 1'000'003ull, 67'000'000'000ull}) {
        Histogram histogram;
        histogram.add(value);
        for (double share : {0.0, 0.5, 0.999, 1.0})
            EXPECT_EQ(histogram.percentile_ns(share), value);
        EXPECT_EQ(histogram.max_ns(), value);
    }
}

TEST(Histogram, SmallValuesAreExact) {
    Histogram histogram;
    for (uint64_t value = 0; value < 256; ++value) histogram.add(value);
    for (uint64_t value = 0; value < 256; ++value)
        EXPECT_EQ(histogram.percentile_ns(static_cast<double>(value + 1) / 256), value);
}

TEST(Histogram, IsAtMostOnePercentAbove) {
    std::mt19937_64 random(7);
    Histogram histogram;
    std::vector<uint64_t> values;
    for (int i = 0; i < 20'000; ++i) {
        // As many of each magnitude, from 1 ns to 16 s.
        values.push_back((random() >> (random() % 34 + 30)) + 1);
        histogram.add(values.back());
    }
    std::sort(values.begin(), values.end());
    for (double share : {0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
        auto exact = static_cast<double>(values[rank - 1]);
        auto told = static_cast<double>(histogram.percentile_ns(share));
        EXPECT_GE(told, exact);
        EXPECT_LE(told, exact * 1.01);
    }
}

TEST(Histogram, ValuesBeyondTheLastBucketAreTheLargest) {
    Histogram histogram;
    histogram.add(5);
    histogram.add(uint64_t{1} << 50);
    histogram.add(UINT64_MAX);
    EXPECT_EQ(histogram.percentile_ns(0.3), 5u);
    EXPECT_EQ(histogram.percentile_ns(1.0), UINT64_MAX);
    EXPECT_EQ(histogram.count(), 3u);
}

TEST(Histogram, SumsOfTwo) {
    Histogram first;
    Histogram second;
    for (int i = 0; i < 90; ++i) first.add(100);
    for (int i = 0; i < 10; ++i) second.add(1'000'000);
    first.add(second);
    EXPECT_EQ(first.count(), 100u);
    EXPECT_EQ(first.percentile_ns(0.9), 100u);
    EXPECT_NEAR(static_cast<double>(first.percentile_ns(0.91)), 1e6, 1e4);
    EXPECT_EQ(first.mean_ns(), (90u * 100 + 10u * 1'000'000) / 100);
    first.clear();
    EXPECT_EQ(first.count(), 0u);
}

}  // namespace
}  // namespace gatepost::tools
