#include "tools/gatepost/config/units.h"

#include <gtest/gtest.h>

namespace gatepost::tools {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsEveryUnitAndSums) {
    const std::pair<const char*, std::chrono::milliseconds> cases[] = {
        {"250ms", 250ms}, {"30s", 30s},     {"5m", 5min},      {"5min", 5min}, {"2h", 2h},
        {"1d", 24h},      {"1h30m", 90min}, {"1h 30m", 90min}, {"0s", 0ms},    {"10 s", 10s},
    };
    for (const auto& [text, expected] : cases) {
        const auto duration = duration_from_text(text);
        ASSERT_TRUE(duration) << text << ": " << duration.error().message;
        EXPECT_EQ(*duration, expected) << text;
    }
}

TEST(Duration, RefusesWhatNobodyCanTell) {
    for (const char* text : {"", "30", "s", "30x", "-5s", "1.5s", "5s30", "30S",
                             "99999999999999999999s", "9223372036854775807d"}) {
        const auto duration = duration_from_text(text);
        ASSERT_FALSE(duration) << text;
        EXPECT_EQ(duration.error().code, ErrorCode::invalid);
    }
    EXPECT_EQ(duration_from_text("30").error().message,
              "\"30\" has no unit, expected a duration such as \"30s\"");
}

TEST(Duration, WritesWhatItReads) {
    for (const char* text : {"0s", "1ms", "999ms", "1s", "90s", "1min", "2h", "3d"})
        EXPECT_EQ(duration_to_text(*duration_from_text(text)), text);
}

TEST(Size, ReadsBinaryAndDecimalUnits) {
    EXPECT_EQ(*size_from_text("1B"), 1u);
    EXPECT_EQ(*size_from_text("64KiB"), 65536u);
    EXPECT_EQ(*size_from_text("64 MiB"), uint64_t{64} << 20);
    EXPECT_EQ(*size_from_text("1GiB"), uint64_t{1} << 30);
    EXPECT_EQ(*size_from_text("2TiB"), uint64_t{2} << 40);
    EXPECT_EQ(*size_from_text("5kB"), 5000u);
    EXPECT_EQ(*size_from_text("1GB"), 1'000'000'000u);
}

TEST(Size, RefusesBareNumbersAndOverflow) {
    for (const char* text : {"", "64", "MiB", "64mib", "64M", "16777216TiB"})
        EXPECT_FALSE(size_from_text(text)) << text;
}

TEST(Size, WritesTheLargestUnitThatDivides) {
    EXPECT_EQ(size_to_text(uint64_t{4} << 30), "4GiB");
    EXPECT_EQ(size_to_text(1536 << 10), "1536KiB");
    EXPECT_EQ(size_to_text(1000), "1000B");
    EXPECT_EQ(size_to_text(0), "0B");
}

}  // namespace
}  // namespace gatepost::tools
