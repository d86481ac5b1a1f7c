#include "tools/gatepost/nic/interface_facts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>

#include "dataplane/xdp/attached_program.h"
#include "dataplane/xdp/interface_lock.h"
#include "tools/gatepost/config/config.h"
#include "tools/gatepost/nic/ethtool.h"
#include "tools/gatepost/nic/known_drivers.h"

namespace gatepost::tools {

namespace {

namespace fs = std::filesystem;

const fs::path kNet = "/sys/class/net";
const fs::path kHugepages = "/sys/kernel/mm/hugepages/hugepages-2048kB";

template <typename T>
T read_number(const fs::path& path, T otherwise) {
    std::ifstream file(path);
    T value = otherwise;
    return file >> value ? value : otherwise;
}

// The last part of what a link of sysfs points to; "" where there is none.
std::string link_name(const fs::path& path) {
    std::error_code error;
    const fs::path target = fs::read_symlink(path, error);
    return error ? "" : target.filename().string();
}

std::vector<std::string> names_in(const fs::path& folder, std::string_view prefix) {
    std::vector<std::string> names;
    std::error_code error;
    fs::directory_iterator at(folder, error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
        const std::string name = at->path().filename();
        if (name.starts_with(prefix)) names.push_back(name.substr(prefix.size()));
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool is_vlan(const std::string& interface) {
    std::ifstream file(kNet / interface / "uevent");
    for (std::string line; std::getline(file, line);)
        if (line == "DEVTYPE=vlan") return true;
    return false;
}

struct FreeAddresses {
    void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
};

std::string address_text(const sockaddr* address) {
    char text[INET6_ADDRSTRLEN] = {};
    if (address->sa_family == AF_INET)
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text,
                    sizeof text);
    else if (address->sa_family == AF_INET6)
        ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text,
                    sizeof text);
    return text;
}

void read_addresses(InterfaceFacts& facts) {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return;
    std::unique_ptr<ifaddrs, FreeAddresses> list(first);
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
        if (facts.name != one->ifa_name) continue;
        facts.up |= (one->ifa_flags & IFF_UP) != 0;
        facts.carrier |= (one->ifa_flags & IFF_RUNNING) != 0;
        facts.loopback |= (one->ifa_flags & IFF_LOOPBACK) != 0;
        if (one->ifa_addr == nullptr) continue;
        if (std::string text = address_text(one->ifa_addr); !text.empty())
            facts.addresses.push_back(std::move(text));
    }
}

void read_sysfs(InterfaceFacts& facts) {
    const fs::path here = kNet / facts.name;
    facts.driver = link_name(here / "device/driver");
    // A virtio device lies on a bus of its own, which lies on PCI.
    for (const char* device : {"device", "device/.."}) {
        std::error_code error;
        const fs::path real = fs::canonical(here / device, error);
        if (!error && link_name(real / "subsystem") == "pci") facts.pci_address = real.filename();
        if (!facts.pci_address.empty()) break;
    }
    facts.numa_node = read_number(here / "device/numa_node", -1);
    facts.mtu = read_number(here / "mtu", 0u);
    facts.speed_mbps = static_cast<unsigned>(std::max(0, read_number(here / "speed", 0)));
    facts.queues = static_cast<unsigned>(names_in(here / "queues", "rx-").size());
    for (const std::string& upper : names_in(here, "upper_"))
        if (is_vlan(upper)) facts.vlans.push_back(upper);
}

bool has_af_xdp() {
    UniqueFd socket(::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
    return socket || errno != EAFNOSUPPORT;
}

uint64_t effective_capabilities() {
    std::ifstream file("/proc/self/status");
    uint64_t bits = 0;
    for (std::string word; file >> word;)
        if (word == "CapEff:" && file >> std::hex >> bits) break;
    return bits;
}

}  // namespace

InterfaceFacts interface_facts(const std::string& name) {
    InterfaceFacts facts;
    facts.name = name;
    const unsigned index = ::if_nametoindex(name.c_str());
    facts.holder = dataplane::interface_holder(name);
    facts.exists = index != 0;
    if (!facts.exists) return facts;
    read_addresses(facts);
    read_sysfs(facts);
    const EthtoolFacts ethtool = ask_ethtool(name);
    if (facts.driver.empty()) facts.driver = ethtool.driver;
    facts.queues_max = ethtool.queues_max;
    facts.queues_combined = ethtool.queues_combined;
    facts.ring = ethtool.ring;
    facts.ring_max = ethtool.ring_max;
    facts.rx_vlan_offload = ethtool.rx_vlan_offload.value_or(false);
    facts.xdp = xdp_features(index).value_or(features_of_driver(facts.driver));
    const dataplane::AttachedProgram program = dataplane::attached_program(index);
    facts.program_id = program.id;
    facts.program_name = program.name;
    facts.program_native = program.native;
    return facts;
}

std::vector<std::string> interface_names() {
    std::vector<std::string> names;
    if (struct if_nameindex* list = ::if_nameindex(); list != nullptr) {
        for (const struct if_nameindex* one = list; one->if_index != 0; ++one)
            names.emplace_back(one->if_name);
        ::if_freenameindex(list);
    }
    return names;
}

HostFacts host_facts() {
    HostFacts facts;
    utsname about{};
    if (::uname(&about) == 0) facts.kernel = about.release;
    facts.af_xdp = has_af_xdp();
    facts.root = ::geteuid() == 0;
    facts.capabilities = effective_capabilities();
    rlimit limit{};
    if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0)
        facts.memlock = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
    facts.hugepages = read_number(kHugepages / "nr_hugepages", 0u);
    facts.hugepages_free = read_number(kHugepages / "free_hugepages", 0u);
    facts.cores = usable_cores();
    return facts;
}

std::optional<std::string> driver_of_pci_device(const std::string& address) {
    const fs::path device = fs::path("/sys/bus/pci/devices") / address;
    std::error_code error;
    if (!fs::exists(device, error)) return std::nullopt;
    return link_name(device / "driver");
}

}  // namespace gatepost::tools
