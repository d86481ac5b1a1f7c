#include "dataplane/net/host_addresses.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/unit/net/frame_builder.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;

TEST(HostAddresses, FindsWhatWasAddedAndNothingElse) {
    std::mt19937_64 random(1);
    for (size_t count = 0; count <= kHostAddressesMax; ++count) {
        HostAddresses host;
        std::set<uint32_t> ipv4;
        std::set<std::pair<uint64_t, uint64_t>> ipv6;
        // Few different values, so that every octet has to tell addresses apart.
        uint8_t octets[16];
        auto draw = [&] {
            for (uint8_t& octet : octets) octet = static_cast<uint8_t>(random() % 4 * 85);
        };
        while (ipv4.size() < count) {
            draw();
            ipv4.insert(load_be32(octets));
            ASSERT_TRUE(host.add_ipv4(octets));
        }
        while (ipv6.size() < count) {
            draw();
            ipv6.insert({load_be64(octets), load_be64(octets + 8)});
            ASSERT_TRUE(host.add_ipv6(octets));
        }
        for (uint32_t address : ipv4) {
            EXPECT_TRUE(host.has_ipv4(address));
            for (uint32_t near : {address - 1, address + 1})
                EXPECT_EQ(host.has_ipv4(near), ipv4.contains(near));
        }
        for (const auto& [high, low] : ipv6) {
            EXPECT_TRUE(host.has_ipv6({high, low}));
            EXPECT_EQ(host.has_ipv6({high, low + 1}), ipv6.contains({high, low + 1}));
            EXPECT_EQ(host.has_ipv6({high + 1, low}), ipv6.contains({high + 1, low}));
        }
    }
}

TEST(HostAddresses, SaysWhenThereIsNoMoreRoom) {
    HostAddresses host;
    for (uint8_t i = 0; i < kHostAddressesMax; ++i) {
        Octets ipv4 = {192, 0, 2, i};
        Octets ipv6(16, i);
        EXPECT_TRUE(host.add_ipv4(ipv4.data()));
        EXPECT_TRUE(host.add_ipv4(ipv4.data()));
        EXPECT_TRUE(host.add_ipv6(ipv6.data()));
    }
    EXPECT_FALSE(host.add_ipv4(Octets{192, 0, 2, 200}.data()));
    EXPECT_FALSE(host.add_ipv6(Octets(16, 200).data()));
    for (uint16_t port = 53; port < 53 + kHostPortsMax; ++port) EXPECT_TRUE(host.add_port(port));
    EXPECT_TRUE(host.add_port(53));
    EXPECT_FALSE(host.add_port(5353));
    EXPECT_TRUE(host.has_port(56));
    EXPECT_FALSE(host.has_port(57));
}

TEST(HostAddresses, AreNobodyAtFirst) {
    HostAddresses host;
    EXPECT_FALSE(host.has_ipv4(0));
    EXPECT_FALSE(host.has_ipv6({}));
    EXPECT_FALSE(host.has_port(0));
}

}  // namespace
}  // namespace gatepost::tests
