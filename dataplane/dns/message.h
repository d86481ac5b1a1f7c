// Numbers of the DNS message format (RFC 1035 §4.1.1, RFC 6891 §6.1, RFC 7873 §8, RFC 8914 §4).
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatepost::dataplane {

inline constexpr size_t kHeaderSize = 12;

inline constexpr uint8_t kFlagQr = 0x80;  // octet 2
inline constexpr uint8_t kFlagAa = 0x04;
inline constexpr uint8_t kFlagTc = 0x02;
inline constexpr uint8_t kFlagRd = 0x01;
inline constexpr uint8_t kOpcodeMask = 0x78;
inline constexpr uint8_t kRcodeMask = 0x0f;

inline constexpr size_t kQdcountAt = 4;
inline constexpr size_t kAncountAt = 6;
inline constexpr size_t kNscountAt = 8;
inline constexpr size_t kArcountAt = 10;

enum class Rcode : uint8_t {
    noerror = 0,
    formerr = 1,
    servfail = 2,
    nxdomain = 3,
    notimp = 4,
    refused = 5,
    yxdomain = 6,
    badvers = 16,  // its upper bits travel in the OPT record
    badcookie = 23,
};

// Extended DNS errors; none where there is nothing to say.
enum class ExtendedError : uint16_t {
    none = 0xffff,
    not_ready = 14,
    not_authoritative = 20,
};

inline constexpr size_t kOptSize = 11;               // an OPT record without options
inline constexpr size_t kExtendedErrorSize = 6;      // the option with no text
inline constexpr size_t kOptionHeaderSize = 4;       // code and length
inline constexpr size_t kKeepaliveOptionSize = 6;    // in a reply
inline constexpr uint16_t kOptionTcpKeepalive = 11;  // RFC 7828 §3.1
inline constexpr uint16_t kOptionPadding = 12;       // RFC 7830 §3
inline constexpr uint16_t kOptionExtendedError = 15;
inline constexpr uint16_t kUdpPayloadMin = 512;  // octets, RFC 1035 §4.2.1, RFC 6891 §6.2.3
inline constexpr uint16_t kPointerMax =
    0x3fff;  // the farthest octet that a compression pointer reaches

}  // namespace gatepost::dataplane
