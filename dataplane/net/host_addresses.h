// What the host answers for on one interface, as frames are checked against it. Filled in once,
// then only read.
#pragma once

#include <cstddef>
#include <cstdint>

#include "storage/base/bytes.h"

namespace gatepost::dataplane {

inline constexpr size_t kHostAddressesMax = 64;  // of each family
inline constexpr size_t kHostPortsMax = 4;

// An IPv6 address as two numbers.
struct Ipv6Address {
    uint64_t high = 0;
    uint64_t low = 0;

    bool operator==(const Ipv6Address&) const = default;
};

inline Ipv6Address load_ipv6_address(const uint8_t* octets) {
    return {load_be64(octets), load_be64(octets + 8)};
}

class HostAddresses {
  public:
    uint8_t mac[6] = {};
    // The device takes every frame (af_packet, tap, a PCI device without steering): the destination
    // is checked, and ARP, neighbor discovery and echo are answered here. Otherwise a filter in
    // front has let through nothing but UDP to a DNS port of one of this host's addresses, and the
    // kernel does the rest.
    bool all_frames = false;
    // Off where the device has verified the UDP checksum.
    bool verify_udp = true;
    uint16_t mtu = 1500;  // octets of IP

    // False where there is no more room. What is there already is not added twice.
    bool add_ipv4(const uint8_t* address);
    bool add_ipv6(const uint8_t* address);
    bool add_port(uint16_t port);

    bool has_port(uint16_t port) const {
        for (size_t i = 0; i < port_count_; ++i)
            if (ports_[i] == port) return true;
        return false;
    }
    // The address as a number. Without branches that depend on it: clients' addresses are random.
    bool has_ipv4(uint32_t address) const {
        const uint32_t* first = ipv4_;
        size_t count = ipv4_count_;
        for (; count > 1; count -= count / 2)
            first = first[count / 2] <= address ? first + count / 2 : first;
        return count == 1 && *first == address;
    }
    bool has_ipv6(const Ipv6Address& address) const {
        const Wide wanted = widen(address);
        const Wide* first = ipv6_;
        size_t count = ipv6_count_;
        for (; count > 1; count -= count / 2)
            first = first[count / 2] <= wanted ? first + count / 2 : first;
        return count == 1 && *first == wanted;
    }

  private:
    __extension__ typedef unsigned __int128 Wide;
    static Wide widen(const Ipv6Address& address) {
        return static_cast<Wide>(address.high) << 64 | address.low;
    }

    uint16_t port_count_ = 0;
    uint16_t ports_[kHostPortsMax] = {};
    size_t ipv4_count_ = 0;
    size_t ipv6_count_ = 0;
    uint32_t ipv4_[kHostAddressesMax] = {};  // ascending
    Wide ipv6_[kHostAddressesMax] = {};      // ascending
};

}  // namespace gatepost::dataplane
