#include "tools/gatepost/nic/nic_situation.h"

#include <fmt/format.h>

#include <fstream>

#include "tools/gatepost/supervisor/host_addresses.h"
#include "tools/gatepost/supervisor/nic_service.h"

namespace gatepost::tools {

NicSituation nic_situation(const Config& config, const NicConfig& nic, const HostFacts& host) {
    NicSituation out;
    out.nic = nic;
    out.host = host;
    out.interface = interface_facts(nic.interface);
    out.queues = nic.queues.value_or(interface_queues(nic.interface));
    out.served = served_addresses(served_endpoints(config, nic));
    const std::vector<unsigned> cores = nic.cores.value_or(host.cores);
    for (unsigned i = 0; i < out.queues; ++i) out.nic_cores.push_back(cores[i % cores.size()]);
    out.socket_cores = worker_cores(config);
    out.own_supervisor = running_supervisor(config);
    if (const std::string address = pci_address_of_device(nic.device); !address.empty())
        out.pci_driver = driver_of_pci_device(address);
    return out;
}

const NicConfig* find_nic(const Config& config, const std::string& interface) {
    for (const NicConfig& nic : config.nics)
        if (nic.interface == interface) return &nic;
    return nullptr;
}

// The lock's file outlives its holder, and a process number may be another's by now.
std::optional<pid_t> running_supervisor(const Config& config) {
    std::ifstream lock(config.run_dir + "/gatepost.lock");
    pid_t pid = 0;
    if (!(lock >> pid)) return std::nullopt;
    std::ifstream about(fmt::format("/proc/{}/comm", pid));
    std::string name;
    if (!std::getline(about, name) || name != "gatepost") return std::nullopt;
    return pid;
}

}  // namespace gatepost::tools
