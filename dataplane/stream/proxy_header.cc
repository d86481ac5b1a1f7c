#include "dataplane/stream/proxy_header.h"

#include <algorithm>
#include <cstring>

namespace gatepost::dataplane {

namespace {

constexpr uint8_t kSignature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                    0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr uint8_t kVersion = 0x20;
constexpr uint8_t kLocal = 0x0;
constexpr uint8_t kProxy = 0x1;
constexpr uint8_t kTcp4 = 0x11;
constexpr uint8_t kTcp6 = 0x21;
constexpr uint8_t kFamilyMax = 0x3;  // AF_UNIX
constexpr uint8_t kTypeMax = 0x2;    // SOCK_DGRAM
constexpr uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr size_t kAddresses4 = 12;  // two addresses, two ports
constexpr size_t kAddresses6 = 36;

void take_client(const uint8_t* source, const uint8_t* port, Family family, PeerAddress& client) {
    // An IPv4 client of a proxy's socket for both (RFC 4291 §2.5.5.2): limits hold for it as such.
    if (family == Family::ipv6 && std::memcmp(source, kMappedPrefix, sizeof kMappedPrefix) == 0) {
        family = Family::ipv4;
        source += sizeof kMappedPrefix;
    }
    client.family = family;
    std::memcpy(client.octets, source, family == Family::ipv4 ? 4 : 16);
    client.port = load_be16(port);
}

}  // namespace

ProxyHeader parse_proxy_header(Bytes octets) {
    using Outcome = ProxyHeader::Outcome;
    ProxyHeader header;
    // A wrong beginning is told at once: nothing is waited for that will not come.
    size_t known = std::min(octets.size(), sizeof kSignature);
    if (known != 0 && std::memcmp(octets.data(), kSignature, known) != 0) return header;
    if (octets.size() < kProxyHeaderFixed) {
        header.outcome = Outcome::incomplete;
        header.length = kProxyHeaderFixed;
        return header;
    }
    uint8_t command = octets[12];
    if ((command & 0xf0) != kVersion || (command & 0x0f) > kProxy) return header;
    size_t rest = load_be16(octets.data() + 14);
    header.length = kProxyHeaderFixed + rest;
    if (header.length > kProxyHeaderMax) return header;
    if (octets.size() < header.length) {
        header.outcome = Outcome::incomplete;
        return header;
    }
    const uint8_t* addresses = octets.data() + kProxyHeaderFixed;
    header.outcome = Outcome::local;
    if ((command & 0x0f) == kLocal) return header;
    uint8_t transport = octets[13];
    if (transport == kTcp4) {
        if (rest < kAddresses4) return ProxyHeader{};
        take_client(addresses, addresses + 8, Family::ipv4, header.client);
    } else if (transport == kTcp6) {
        if (rest < kAddresses6) return ProxyHeader{};
        take_client(addresses, addresses + 32, Family::ipv6, header.client);
    } else {
        const bool specified = transport >> 4 <= kFamilyMax && (transport & 0x0f) <= kTypeMax;
        return specified ? header : ProxyHeader{};
    }
    header.outcome = Outcome::proxied;
    return header;
}

}  // namespace gatepost::dataplane
