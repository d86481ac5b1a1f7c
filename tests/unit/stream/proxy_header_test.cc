#include "dataplane/stream/proxy_header.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/stream/stream_rig.h"

namespace gatepost::dataplane {
namespace {

using namespace std::string_literals;
using Outcome = ProxyHeader::Outcome;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string kTcp4 = "\xc0\x00\x02\x01\xc6\x33\x64\x01\x30\x39\x00\x35"s;
const std::string kTcp6 =
    "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
    "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\xff\xff\x03\x55"s;

std::string header(int command, int transport, const std::string& rest) {
    return kSignature + static_cast<char>(command) + static_cast<char>(transport) +
           static_cast<char>(rest.size() >> 8) + static_cast<char>(rest.size()) + rest;
}

ProxyHeader parse(const std::string& octets) {
    // A buffer of exactly its size, so that AddressSanitizer sees a read behind it.
    const std::vector<uint8_t> exact(octets.begin(), octets.end());
    return parse_proxy_header(exact);
}

TEST(ProxyHeader, ClientOverIpv4) {
    const std::string octets = header(0x21, 0x11, kTcp4);
    const ProxyHeader parsed = parse(octets + "\0\x1d"s);
    EXPECT_EQ(parsed.outcome, Outcome::proxied);
    EXPECT_EQ(parsed.length, octets.size());
    EXPECT_EQ(parsed.client.family, Family::ipv4);
    EXPECT_EQ(parsed.client.text(), "192.0.2.1");
    EXPECT_EQ(parsed.client.port, 12345);
}

TEST(ProxyHeader, ClientOverIpv6) {
    const ProxyHeader parsed = parse(header(0x21, 0x21, kTcp6));
    EXPECT_EQ(parsed.outcome, Outcome::proxied);
    EXPECT_EQ(parsed.client.family, Family::ipv6);
    EXPECT_EQ(parsed.client.text(), "2001:db8::1");
    EXPECT_EQ(parsed.client.port, 65535);
}

// A proxy that listens with one socket for both writes its IPv4 clients so (RFC 4291 §2.5.5.2).
TEST(ProxyHeader, MappedAddressIsAnIpv4Client) {
    std::string addresses = kTcp6;
    addresses.replace(0, 16, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x07"s);
    const ProxyHeader parsed = parse(header(0x21, 0x21, addresses));
    EXPECT_EQ(parsed.outcome, Outcome::proxied);
    EXPECT_EQ(parsed.client.family, Family::ipv4);
    EXPECT_EQ(parsed.client.text(), "192.0.2.7");
}

TEST(ProxyHeader, OtherTransportsLeaveTheConnectionsOwnAddress) {
    // Unspecified, UDP over either, unix sockets of either kind.
    for (int transport : {0x00, 0x01, 0x10, 0x12, 0x22, 0x31, 0x32}) {
        const std::string octets = header(0x21, transport, std::string(216, 'u'));
        const ProxyHeader parsed = parse(octets);
        EXPECT_EQ(parsed.outcome, Outcome::local) << transport;
        EXPECT_EQ(parsed.length, octets.size());
    }
    EXPECT_EQ(parse(header(0x21, 0x00, "")).outcome, Outcome::local);
}

TEST(ProxyHeader, TransportsThatAreNotSpecifiedAreRefused) {
    for (int transport : {0x03, 0x13, 0x1f, 0x40, 0x41, 0xf1, 0xff})
        EXPECT_EQ(parse(header(0x21, transport, std::string(216, 'u'))).outcome, Outcome::broken)
            << transport;
}

// A health check of the proxy itself: whatever the rest of the header says.
TEST(ProxyHeader, Local) {
    for (int transport : {0x00, 0x11, 0x21, 0xff}) {
        const ProxyHeader parsed = parse(header(0x20, transport, "whatever"));
        EXPECT_EQ(parsed.outcome, Outcome::local) << transport;
        EXPECT_EQ(parsed.length, 24U);
    }
    EXPECT_EQ(parse(header(0x20, 0, "")).outcome, Outcome::local);
}

TEST(ProxyHeader, MoreBehindTheAddresses) {
    // A TLV each of the kinds authority and CRC32C, and one that nobody knows.
    const std::string more = "\x02\x00\x03"s + "abc" + "\x03\x00\x04"s + "crc!" + "\xea\x00\x00"s;
    const std::string octets = header(0x21, 0x11, kTcp4 + more);
    const ProxyHeader parsed = parse(octets + "GET / HTTP/1.1\r\n");
    EXPECT_EQ(parsed.outcome, Outcome::proxied);
    EXPECT_EQ(parsed.length, octets.size());
    EXPECT_EQ(parsed.client.text(), "192.0.2.1");
}

TEST(ProxyHeader, CutOffAtEveryOctet) {
    for (const std::string& octets : {header(0x21, 0x11, kTcp4 + "\x02\x00\x01x"s),
                                      header(0x21, 0x21, kTcp6), header(0x20, 0, "")}) {
        for (size_t length = 0; length < octets.size(); ++length) {
            const ProxyHeader parsed = parse(octets.substr(0, length));
            EXPECT_EQ(parsed.outcome, Outcome::incomplete) << length;
            EXPECT_GT(parsed.length, length);
            EXPECT_LE(parsed.length, octets.size());
        }
    }
}

TEST(ProxyHeader, AddressesThatAreTooShort) {
    for (size_t length = 0; length < 12; ++length)
        EXPECT_EQ(parse(header(0x21, 0x11, kTcp4.substr(0, length))).outcome, Outcome::broken);
    for (size_t length = 0; length < 36; ++length)
        EXPECT_EQ(parse(header(0x21, 0x21, kTcp6.substr(0, length))).outcome, Outcome::broken);
}

TEST(ProxyHeader, WrongAtItsFirstWrongOctet) {
    const std::string octets = header(0x21, 0x11, kTcp4);
    for (size_t at = 0; at < 12; ++at) {
        std::string wrong = octets.substr(0, at + 1);
        wrong[at] = static_cast<char>(wrong[at] ^ 0x20);
        EXPECT_EQ(parse(wrong).outcome, Outcome::broken) << at;
    }
    // Version 1, and what is no PROXY header at all.
    EXPECT_EQ(parse("PROXY TCP4 192.0.2.1").outcome, Outcome::broken);
    EXPECT_EQ(parse("\0\x1d"s).outcome, Outcome::broken);
    EXPECT_EQ(parse("\x16\x03\x01"s).outcome, Outcome::broken);
}

TEST(ProxyHeader, VersionsAndCommands) {
    for (int command = 0; command < 256; ++command) {
        const Outcome outcome = parse(header(command, 0x11, kTcp4)).outcome;
        const Outcome wanted = command == 0x20   ? Outcome::local
                               : command == 0x21 ? Outcome::proxied
                                                 : Outcome::broken;
        EXPECT_EQ(outcome, wanted) << command;
    }
}

TEST(ProxyHeader, LongestAndLonger) {
    const std::string longest = header(0x21, 0x11, kTcp4 + std::string(4096 - 28, '\0'));
    EXPECT_EQ(parse(longest).outcome, Outcome::proxied);
    EXPECT_EQ(parse(longest).length, kProxyHeaderMax);
    // Told as soon as the length is there: nothing is waited for.
    const std::string longer = header(0x21, 0x11, kTcp4 + std::string(4096 - 27, '\0'));
    EXPECT_EQ(parse(longer.substr(0, 16)).outcome, Outcome::broken);
    EXPECT_EQ(parse(header(0x21, 0x11, std::string(65'535, '\0')).substr(0, 16)).outcome,
              Outcome::broken);
}

}  // namespace
}  // namespace gatepost::dataplane
