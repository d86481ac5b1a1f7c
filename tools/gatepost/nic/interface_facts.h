// What this host and its interfaces are like, as far as it matters to poll mode. Only looking:
// nothing here changes anything, and nothing needs a privilege, though the name of somebody's XDP
// program and the process of somebody else may stay unknown without.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/gatepost/nic/xdp_features.h"

namespace gatepost::tools {

struct InterfaceFacts {
    std::string name;
    bool exists = false;
    bool loopback = false;
    bool up = false;                 // somebody set it up
    bool carrier = false;            // and the link is there
    std::string driver;              // of the kernel; "" for none, as lo
    std::string pci_address;         // "" for virtual ones
    int numa_node = -1;              // -1: none
    unsigned mtu = 0;                // octets
    unsigned speed_mbps = 0;         // 0: unknown
    unsigned queues = 0;             // receive queues
    unsigned queues_max = 0;         // 0: unknown
    bool queues_combined = true;     // ethtool -L sets both directions at once
    unsigned ring = 0;               // descriptors of a receive queue; 0: unknown
    unsigned ring_max = 0;           // 0: unknown
    bool rx_vlan_offload = false;    // tags are taken off before XDP sees the frame
    std::vector<std::string> vlans;  // VLAN interfaces on top of it
    std::vector<std::string> addresses;
    XdpFeatures xdp;
    uint32_t program_id = 0;   // XDP program attached; 0: none
    std::string program_name;  // "" where it may not be known
    bool program_native = false;
    std::optional<pid_t> holder;  // the Gatepost that has it; 0: some process
};

struct HostFacts {
    std::string kernel;   // release
    bool af_xdp = false;  // the kernel has it
    bool root = false;
    uint64_t capabilities = 0;  // effective ones of this process, a bit each
    uint64_t memlock = 0;       // octets; UINT64_MAX: no limit
    unsigned hugepages = 0;     // of 2 MiB
    unsigned hugepages_free = 0;
    std::vector<unsigned> cores;  // that this process may use
};

InterfaceFacts interface_facts(const std::string& name);
// All interfaces of this network namespace.
std::vector<std::string> interface_names();
HostFacts host_facts();
// The kernel's driver of a PCI device; nullopt: there is no such device; "": it has none.
std::optional<std::string> driver_of_pci_device(const std::string& address);

}  // namespace gatepost::tools
