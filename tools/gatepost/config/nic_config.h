// The `[[nic]]` tables of the configuration: a network interface each whose DNS queries are
// answered in poll mode, past the kernel's stack.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/config/keys.h"

namespace gatepost::tools {

enum class NicDriver : uint8_t {
    af_xdp,      // the kernel's driver stays; UDP to our DNS ports goes past it
    af_packet,   // copies of all frames, by a packet socket
    bifurcated,  // a DPDK driver that shares its device with the kernel (mlx5)
    device,      // any other device of DPDK, which then has it all
};

struct NicConfig {
    std::string interface;  // "eth1"; the name alone for `device`
    NicDriver driver = NicDriver::af_xdp;
    std::string device;                          // DPDK's devargs
    std::vector<std::string> addresses;          // empty: those of the host (af_xdp, bifurcated)
    std::optional<unsigned> queues;              // nullopt: as many as the interface has
    std::optional<std::vector<unsigned>> cores;  // nullopt: those of the workers
    std::string xdp_mode;                        // "auto", "native" or "generic"
    bool spin = false;                           // never sleep
    bool hugepages = true;
};

// One `[[nic]]` as written: its keys without "nic.", and where it begins ("gatepost.toml:12").
struct NicTable {
    std::map<std::string, std::vector<std::string>> values;
    std::string origin;
};

std::span<const ConfigKey> nic_keys();
Result<NicConfig> nic_from_table(const NicTable& table);

}  // namespace gatepost::tools
