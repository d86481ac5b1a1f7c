#include "dataplane/net/checksum.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/net/frame_builder.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;

uint16_t to_number(uint16_t wire_order) {
    return __builtin_bswap16(wire_order);
}

TEST(Checksum, TheExampleOfRfc1071) {
    // §3: 00 01 f2 03 f4 f5 f6 f7 adds up to ddf2.
    const Octets octets = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    const uint64_t sum = sum_octets(octets.data(), octets.size());
    EXPECT_EQ(to_number(fold_sum(sum)), 0xddf2);
    EXPECT_EQ(to_number(checksum_of(sum)), 0x220d);
}

TEST(Checksum, AHeaderThatIsKnown) {
    const Octets header = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                           0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
    EXPECT_EQ(to_number(checksum_of(sum_octets(header.data(), header.size()))), 0xb861);
}

TEST(Checksum, EqualsTheNaiveOneAtEveryLengthAndAlignment) {
    std::mt19937 random(1);
    for (size_t length = 0; length < 400; ++length) {
        for (size_t offset = 0; offset < 9; ++offset) {
            // Exactly as large as needed, so that AddressSanitizer sees an octet too many.
            Octets buffer(offset + length);
            for (uint8_t& octet : buffer) octet = static_cast<uint8_t>(random());
            const Octets octets(buffer.begin() + static_cast<ptrdiff_t>(offset), buffer.end());
            ASSERT_EQ(to_number(checksum_of(sum_octets(buffer.data() + offset, length))),
                      naive_checksum(octets))
                << length << " octets at " << offset;
        }
    }
}

TEST(Checksum, EqualsTheNaiveOneOnLargeAndExtremeData) {
    std::mt19937 random(2);
    for (size_t length : {1499U, 9000U, 65535U, 65534U}) {
        Octets octets(length);
        for (uint8_t fill : {0x00, 0xff, 0x01}) {
            std::fill(octets.begin(), octets.end(), fill);
            EXPECT_EQ(to_number(checksum_of(sum_octets(octets.data(), length))),
                      naive_checksum(octets));
        }
        for (uint8_t& octet : octets) octet = static_cast<uint8_t>(random());
        EXPECT_EQ(to_number(checksum_of(sum_octets(octets.data(), length))),
                  naive_checksum(octets));
    }
}

TEST(Checksum, SumsOfPartsAdd) {
    std::mt19937 random(3);
    Octets octets(120);
    for (uint8_t& octet : octets) octet = static_cast<uint8_t>(random());
    const uint64_t whole = sum_octets(octets.data(), octets.size());
    for (size_t cut = 0; cut <= octets.size(); cut += 2)
        EXPECT_EQ(fold_sum(sum_octets(octets.data(), cut) +
                           sum_octets(octets.data() + cut, octets.size() - cut)),
                  fold_sum(whole));
}

TEST(Checksum, FoldsTheLargestSums) {
    EXPECT_EQ(fold_sum((uint64_t{1} << 48) - 1), 0xffff);
    EXPECT_EQ(fold_sum(0xffff'ffff), 0xffff);
    EXPECT_EQ(fold_sum(0x1'0000'ffff), 1);
    EXPECT_EQ(fold_sum(0x1'0000), 1);
    EXPECT_EQ(fold_sum(0), 0);
}

TEST(Checksum, UdpNeverHasZero) {
    EXPECT_EQ(checksum_of(0xffff), 0);
    EXPECT_EQ(udp_checksum_of(0xffff), 0xffff);
    EXPECT_EQ(udp_checksum_of(1), 0xfffe);
}

}  // namespace
}  // namespace gatepost::tests
