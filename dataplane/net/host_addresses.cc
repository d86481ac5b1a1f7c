#include "dataplane/net/host_addresses.h"

#include <algorithm>

namespace gatepost::dataplane {
namespace {

template <typename Address>
bool insert_sorted(Address* addresses, size_t& count, Address address) {
    Address* const end = addresses + count;
    Address* place = std::lower_bound(addresses, end, address);
    if (place != end && *place == address) return true;
    if (count == kHostAddressesMax) return false;
    std::copy_backward(place, end, end + 1);
    *place = address;
    ++count;
    return true;
}

}  // namespace

bool HostAddresses::add_ipv4(const uint8_t* address) {
    return insert_sorted(ipv4_, ipv4_count_, load_be32(address));
}

bool HostAddresses::add_ipv6(const uint8_t* address) {
    return insert_sorted(ipv6_, ipv6_count_, widen(load_ipv6_address(address)));
}

bool HostAddresses::add_port(uint16_t port) {
    if (has_port(port)) return true;
    if (port_count_ == kHostPortsMax) return false;
    ports_[port_count_++] = port;
    return true;
}

}  // namespace gatepost::dataplane
