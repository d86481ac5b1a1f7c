// What is known of the kernel's network drivers beyond what they say themselves.
#pragma once

#include <string>
#include <string_view>

#include "tools/gatepost/nic/xdp_features.h"

namespace gatepost::tools {

struct KnownDriver {
    std::string_view name;   // as sysfs and ethtool call it
    bool native = false;     // XDP in the driver
    bool zero_copy = false;  // AF_XDP without a copy
    std::string_view dpdk;   // DPDK's driver for the same device; "" for none
    bool shares = false;     // which leaves the device to the kernel as well ("bifurcated")
};

// nullptr: never heard of.
const KnownDriver* find_known_driver(std::string_view name);
// For kernels whose drivers do not say it themselves (before Linux 6.3).
XdpFeatures features_of_driver(std::string_view name);
// "i40e, ice, …": those with zero-copy.
std::string zero_copy_drivers();

}  // namespace gatepost::tools
