#include "storage/base/bytes.h"

#include <gtest/gtest.h>

namespace gatepost {
namespace {

TEST(ByteReader, ReadsBigEndianAndStopsAtTheEnd) {
    const uint8_t octets[] = {1, 2, 3, 4, 5, 6, 7};
    ByteReader reader(octets);
    EXPECT_EQ(reader.u8(), 1);
    EXPECT_EQ(reader.u16(), 0x0203);
    EXPECT_EQ(reader.u32(), 0x04050607u);
    EXPECT_TRUE(reader.ok());
    EXPECT_TRUE(reader.at_end());
    EXPECT_EQ(reader.u8(), 0);
    EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, AFailureStays) {
    const uint8_t octets[] = {1, 2, 3};
    ByteReader reader(octets);
    EXPECT_EQ(reader.u32(), 0u);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.u8(), 0) << "though one octet would be there";
    EXPECT_TRUE(reader.bytes(1).empty());
}

TEST(ByteWriter, WritesWhatTheReaderReads) {
    std::vector<uint8_t> out;
    ByteWriter writer(out);
    writer.u8(0xfe);
    writer.u16(0x1234);
    writer.u32(0x56789abc);
    writer.u64(0x0102030405060708);
    ByteReader reader(out);
    EXPECT_EQ(reader.u8(), 0xfe);
    EXPECT_EQ(reader.u16(), 0x1234);
    EXPECT_EQ(reader.u32(), 0x56789abcu);
    EXPECT_EQ(reader.u64(), 0x0102030405060708u);
    EXPECT_TRUE(reader.at_end() && reader.ok());
}

}  // namespace
}  // namespace gatepost
