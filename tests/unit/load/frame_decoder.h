// Takes frames apart for the tests of this folder, octet by octet as the RFCs have it, with nothing
// of what is tested in it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace gatepost::tools {

struct DecodedFrame {
    std::vector<uint8_t> target_mac, source_mac, source, target, message;
    unsigned source_port = 0;
    unsigned target_port = 0;
    unsigned id = 0;
};

inline unsigned number_at(const std::vector<uint8_t>& octets, size_t at) {
    return octets.at(at) * 256u + octets.at(at + 1);
}

// RFC 1071 §4.1, word by word.
inline unsigned plain_checksum(const std::vector<uint8_t>& octets) {
    unsigned long sum = 0;
    for (size_t i = 0; i < octets.size(); ++i) sum += i % 2 == 0 ? octets[i] * 256u : octets[i];
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<unsigned>(~sum & 0xffff);
}

inline DecodedFrame decode(const std::vector<uint8_t>& frame) {
    const auto part = [&](size_t at, size_t length) {
        EXPECT_LE(at + length, frame.size());
        auto begin = frame.begin() + static_cast<ptrdiff_t>(at);
        return std::vector<uint8_t>(begin, begin + static_cast<ptrdiff_t>(length));
    };
    DecodedFrame out;
    out.target_mac = part(0, 6);
    out.source_mac = part(6, 6);
    unsigned type = number_at(frame, 12);
    size_t udp = 0;
    std::vector<uint8_t> covered;
    if (type == 0x0800) {
        EXPECT_EQ(frame.at(14), 0x45);
        EXPECT_EQ(number_at(frame, 16), frame.size() - 14);
        EXPECT_EQ(frame.at(22), 64);
        EXPECT_EQ(frame.at(23), 17);
        EXPECT_EQ(plain_checksum(part(14, 20)), 0u) << "IPv4 header checksum";
        out.source = part(26, 4);
        out.target = part(30, 4);
        udp = 34;
    } else {
        EXPECT_EQ(type, 0x86ddu);
        EXPECT_EQ(frame.at(14), 0x60);
        EXPECT_EQ(number_at(frame, 18), frame.size() - 54);
        EXPECT_EQ(frame.at(20), 17);
        EXPECT_EQ(frame.at(21), 64);
        out.source = part(22, 16);
        out.target = part(38, 16);
        udp = 54;
    }
    size_t length = frame.size() - udp;
    EXPECT_EQ(number_at(frame, udp + 4), length);
    EXPECT_NE(number_at(frame, udp + 6), 0u) << "no UDP checksum";
    covered = out.source;
    covered.insert(covered.end(), out.target.begin(), out.target.end());
    for (size_t octet : {size_t{0}, size_t{17}, length / 256, length % 256})
        covered.push_back(static_cast<uint8_t>(octet));
    for (uint8_t octet : part(udp, length)) covered.push_back(octet);
    EXPECT_EQ(plain_checksum(covered), 0u) << "UDP checksum";
    out.source_port = number_at(frame, udp);
    out.target_port = number_at(frame, udp + 2);
    out.message = part(udp + 8, length - 8);
    out.id = number_at(out.message, 0);
    return out;
}

}  // namespace gatepost::tools
