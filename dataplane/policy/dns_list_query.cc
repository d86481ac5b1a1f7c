#include "dataplane/policy/dns_list_query.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatepost::dataplane {

namespace {

constexpr uint32_t kLoopback = 127;         // the first octet of answers
constexpr uint32_t kRefusals = 0x7fffff00;  // 127.255.255.0/24
constexpr uint32_t kRefusalsMask = 0xffffff00;

// "1.2.0.192." or nibbles of IPv6, the last first.
std::string reversed(const PeerAddress& address) {
    std::string text;
    if (address.family == Family::ipv4) {
        for (int i = 3; i >= 0; --i) text += fmt::format("{}.", address.octets[i]);
        return text;
    }
    for (int i = 15; i >= 0; --i)
        text += fmt::format("{:x}.{:x}.", address.octets[i] & 0xf, address.octets[i] >> 4);
    return text;
}

bool matches(const storage::DnsListCode& code, uint32_t answer) {
    if (code.bits == 0) return true;
    const uint32_t mask = ~uint32_t{0} << (32 - code.bits);
    return (answer & mask) == (code.address & mask);
}

}  // namespace

std::string reverse_name(const PeerAddress& address) {
    return reversed(address) + (address.family == Family::ipv4 ? "in-addr.arpa" : "ip6.arpa");
}

std::string address_list_name(const PeerAddress& address, std::string_view zone) {
    return reversed(address).append(zone);
}

std::string domain_list_name(std::string_view domain, std::string_view zone) {
    return fmt::format("{}.{}", domain, zone);
}

std::optional<std::string> listed_as(const storage::DnsList& list, const DnsAnswer& answer) {
    for (const DnsAddress& address : answer.addresses) {
        if (address.ipv6 || address.octets[0] != kLoopback) continue;
        const uint32_t value = load_be32(address.octets.data());
        const bool counts = list.codes.empty()
                                ? (value & kRefusalsMask) != kRefusals
                                : std::ranges::any_of(list.codes, [value](const auto& code) {
                                      return matches(code, value);
                                  });
        if (counts)
            return fmt::format("{}.{}.{}.{}", address.octets[0], address.octets[1],
                               address.octets[2], address.octets[3]);
    }
    return std::nullopt;
}

}  // namespace gatepost::dataplane
