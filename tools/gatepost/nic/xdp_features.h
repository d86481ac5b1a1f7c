// What an interface's driver says it can do with XDP: over generic netlink, family "netdev", since
// Linux 6.3 (Documentation/netlink/specs/netdev.yaml).
#pragma once

#include <optional>

namespace gatepost::tools {

struct XdpFeatures {
    bool native = false;     // runs XDP programs, and redirects frames to AF_XDP sockets
    bool zero_copy = false;  // receives straight into the sockets' memory
};

// nullopt: an older kernel, or the interface is not there.
std::optional<XdpFeatures> xdp_features(unsigned interface_index);

}  // namespace gatepost::tools
