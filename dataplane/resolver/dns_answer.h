// What is asked of DNS on behalf of mail, and what comes back.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"

namespace gatepost::dataplane {

// RFC 1035 §3.2.2, RFC 3596 §2.1.
enum class DnsType : uint16_t { a = 1, ptr = 12, mx = 15, txt = 16, aaaa = 28 };

struct DnsAddress {
    bool ipv6 = false;
    std::array<uint8_t, 16> octets = {};  // network order; the first four of IPv4

    auto operator<=>(const DnsAddress&) const = default;
};

struct DnsQuestion {
    std::string name;  // ASCII, without the last dot
    DnsType type = DnsType::a;

    bool operator==(const DnsQuestion&) const = default;
};

struct DnsAnswer {
    enum class Status : uint8_t {
        found,
        none,    // there is no such name, or nothing of that type
        failed,  // nobody said: no answer in time, SERVFAIL, too many questions at once
    };
    Status status = Status::failed;
    std::vector<DnsAddress> addresses = {};  // of A and AAAA
    // Of PTR names and of MX hosts, in lower case without the last dot ("": the root, RFC 7505);
    // of TXT its strings put together.
    std::vector<std::string> texts = {};
    uint32_t ttl_s = 0;  // for the cache

    bool operator==(const DnsAnswer&) const = default;
};

// Of an answer: more are not kept.
inline constexpr size_t kDnsRecordsMax = 64;
inline constexpr size_t kDnsTextMax = 4096;  // octets of one TXT record
// RFC 1035 §2.3.4: octets of a name as text, without the last dot.
inline constexpr size_t kDnsNameMax = 253;
inline constexpr size_t kDnsLabelMax = 63;

// Whether it can be asked for: letters, digits, '-' and '_' between dots, within the limits.
bool is_dns_name(std::string_view name);

// Reads a whole reply (RFC 1035 §4) to a question of that type: records of the type, whatever
// aliases led there. A name with other octets than is_dns_name() allows is as if it were not there.
// `failed`: the reply is malformed, or it says so.
DnsAnswer parse_dns_reply(Bytes reply, DnsType type);

}  // namespace gatepost::dataplane
