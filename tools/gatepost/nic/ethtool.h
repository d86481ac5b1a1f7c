// What ethtool(8) shows of an interface, asked of its driver by ioctl. None of it needs a
// privilege.
#pragma once

#include <optional>
#include <string>

namespace gatepost::tools {

struct EthtoolFacts {
    std::string driver;  // "" where the interface cannot be asked
    std::string bus;     // "0000:03:00.0"; "" for virtual ones
    std::optional<bool> rx_vlan_offload;
    unsigned queues_max = 0;      // receive queues it could have; 0: unknown
    bool queues_combined = true;  // each receive queue has a transmit queue with it
    unsigned ring = 0;            // descriptors of a receive queue; 0: unknown
    unsigned ring_max = 0;
};

EthtoolFacts ask_ethtool(const std::string& interface);

}  // namespace gatepost::tools
