// The way to the server over one interface, as the kernel knows it: the address to ask from, and
// the MAC address of the server or of the router in front of it.
#pragma once

#include <optional>
#include <string>

#include "tools/load/transport/frame_headers.h"
#include "tools/load/transport/ip_address.h"

namespace gatepost::tools {

struct Route {
    IpAddress source;  // what the kernel would use
    IpAddress next_hop;
    bool local = false;  // the target is this host itself
};

// Of code unreachable where the kernel has no route over `interface`.
Result<Route> find_route(const std::string& interface, const IpAddress& target);

// Asks the kernel's neighbor table (what `ip neighbor` shows). Where the address is not in it, a
// datagram to the discard port of `target` makes the kernel look for it, which takes up to three
// seconds to fail.
Result<MacAddress> find_neighbor(const std::string& interface, const IpAddress& next_hop,
                                 const IpAddress& target);

// "02:00:00:00:00:01"
Result<MacAddress> mac_address_from_text(std::string_view text);
std::string mac_address_to_text(const MacAddress& mac);

}  // namespace gatepost::tools
