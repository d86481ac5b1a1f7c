#include "storage/base/crc32c.h"

#include <gtest/gtest.h>

#include <string_view>

namespace gatepost {
namespace {

Bytes bytes(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

TEST(Crc32c, Rfc3720Examples) {
    std::vector<uint8_t> zeros(32, 0);
    std::vector<uint8_t> ones(32, 0xff);
    EXPECT_EQ(crc32c(zeros), 0x8a9136aau);
    EXPECT_EQ(crc32c(ones), 0x62a8ab43u);
    std::vector<uint8_t> ascending;
    for (uint8_t i = 0; i < 32; ++i) ascending.push_back(i);
    EXPECT_EQ(crc32c(ascending), 0x46dd794eu);
    EXPECT_EQ(crc32c(bytes("123456789")), 0xe3069283u);
}

TEST(Crc32c, GoesOnWhereItStopped) {
    Bytes text = bytes("the quick brown fox jumps over the lazy dog");
    for (size_t split = 0; split <= text.size(); ++split)
        EXPECT_EQ(crc32c(text.subspan(split), crc32c(text.first(split))), crc32c(text)) << split;
}

}  // namespace
}  // namespace gatepost
