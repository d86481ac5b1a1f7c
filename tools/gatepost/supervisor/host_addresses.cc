#include "tools/gatepost/supervisor/host_addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <set>

namespace gatepost::tools {

namespace {

using dataplane::ServedEndpoint;

struct FreeAddresses {
    void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
};

constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

ServedEndpoint endpoint(const sockaddr* address, uint16_t port) {
    ServedEndpoint out;
    out.port = port;
    if (address->sa_family == AF_INET) {
        std::copy(std::begin(kMapped), std::end(kMapped), out.address.begin());
        std::memcpy(out.address.data() + sizeof kMapped,
                    &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
    } else {
        std::memcpy(out.address.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr,
                    16);
    }
    return out;
}

bool is_link_local(const sockaddr* address) {
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

// Of one family, as seen from an interface.
void add_host_addresses(int family, uint16_t port, const std::string& interface,
                        std::set<ServedEndpoint>& out) {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return;
    std::unique_ptr<ifaddrs, FreeAddresses> list(first);
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != family) continue;
        if (is_link_local(one->ifa_addr) && interface != one->ifa_name) continue;
        out.insert(endpoint(one->ifa_addr, port));
    }
}

bool is_vlan_on(const std::string& interface, const std::string& nic) {
    const std::string folder = "/sys/class/net/" + interface;
    std::ifstream file(folder + "/uevent");
    for (std::string line; std::getline(file, line);)
        if (line == "DEVTYPE=vlan") return ::access((folder + "/lower_" + nic).c_str(), F_OK) == 0;
    return false;
}

bool takes_tags_off(const std::string& nic) {
    UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ethtool_value flags{ETHTOOL_GFLAGS, 0};
    ifreq about{};
    nic.copy(about.ifr_name, sizeof about.ifr_name - 1);
    about.ifr_data = reinterpret_cast<char*>(&flags);
    return ::ioctl(fd.get(), SIOCETHTOOL, &about) == 0 && (flags.data & ETH_FLAG_RXVLAN) != 0;
}

// A VLAN whose tags the device takes off before XDP sees the frame is the kernel's: its queries
// would be answered without the tag, and never arrive.
void remove_stripped_vlans(const std::string& nic, std::set<ServedEndpoint>& out) {
    ifaddrs* first = nullptr;
    if (!takes_tags_off(nic) || ::getifaddrs(&first) != 0) return;
    std::unique_ptr<ifaddrs, FreeAddresses> list(first);
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || !is_vlan_on(one->ifa_name, nic)) continue;
        if (one->ifa_addr->sa_family != AF_INET && one->ifa_addr->sa_family != AF_INET6) continue;
        const auto address = endpoint(one->ifa_addr, 0).address;
        std::erase_if(out, [&](const ServedEndpoint& it) { return it.address == address; });
    }
}

}  // namespace

std::vector<ServedEndpoint> served_endpoints(const Config& config, const NicConfig& nic) {
    std::set<ServedEndpoint> out;
    if (!nic.addresses.empty()) {
        for (uint16_t port : served_ports(config)) {
            for (const std::string& address : nic.addresses)
                if (auto one = dataplane::parse_endpoint(address, port)) out.insert(*one);
        }
        return {out.begin(), out.end()};
    }
    for (const Endpoint& listen : config.listen) {
        if (listen.is_wildcard())
            add_host_addresses(listen.family(), listen.port(), nic.interface, out);
        else
            out.insert(endpoint(reinterpret_cast<const sockaddr*>(&listen.address), listen.port()));
    }
    remove_stripped_vlans(nic.interface, out);
    return {out.begin(), out.end()};
}

std::vector<std::string> served_addresses(const std::vector<ServedEndpoint>& endpoints) {
    std::set<std::string> out;
    for (const ServedEndpoint& one : endpoints) {
        const bool is_ipv4 =
            std::equal(std::begin(kMapped), std::end(kMapped), one.address.begin());
        char text[INET6_ADDRSTRLEN] = {};
        ::inet_ntop(is_ipv4 ? AF_INET : AF_INET6,
                    one.address.data() + (is_ipv4 ? sizeof kMapped : 0), text, sizeof text);
        out.insert(text);
    }
    return {out.begin(), out.end()};
}

std::vector<uint16_t> served_ports(const Config& config) {
    std::set<uint16_t> out;
    for (const Endpoint& listen : config.listen) out.insert(listen.port());
    return {out.begin(), out.end()};
}

Result<HostWatch> HostWatch::open() {
    HostWatch watch;
    watch.fd_ =
        UniqueFd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    if (!watch.fd_ ||
        ::bind(watch.fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail(ErrorCode::refused, "watching the host's interfaces: {}", std::strerror(errno));
    return watch;
}

void HostWatch::drain() {
    char message[8192];
    // ENOBUFS is an answer, too: something has changed.
    while (::recv(fd_.get(), message, sizeof message, 0) > 0 || errno == ENOBUFS) {
    }
}

}  // namespace gatepost::tools
