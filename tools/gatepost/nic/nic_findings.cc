#include "tools/gatepost/nic/nic_findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/gatepost/nic/host_findings.h"
#include "tools/gatepost/nic/known_drivers.h"
#include "tools/gatepost/nic/xdp_findings.h"

namespace gatepost::tools {

namespace {

constexpr unsigned kUsualMtu = 1500;
constexpr unsigned kIpv6MtuMin = 1280;  // RFC 8200 §5

using List = std::vector<Finding>;

void check_link(const NicSituation& at, List& out) {
    const InterfaceFacts& interface = at.interface;
    if (!interface.up)
        out.push_back({Grade::error, "link", "the interface is down",
                       fmt::format("ip link set dev {} up", interface.name)});
    else if (!interface.carrier)
        out.push_back({Grade::error, "link", "the interface is up, but the link is not there",
                       "look at the cable and the switch; for a veth, set its peer up"});
    else if (interface.speed_mbps != 0)
        out.push_back({Grade::ok, "link", fmt::format("up, {} Mbit/s", interface.speed_mbps), ""});
    else
        out.push_back({Grade::ok, "link", "up", ""});
}

std::vector<std::string> in_both(const std::vector<std::string>& a,
                                 const std::vector<std::string>& b) {
    std::vector<std::string> out;
    for (const std::string& one : a)
        if (std::find(b.begin(), b.end(), one) != b.end()) out.push_back(one);
    return out;
}

void check_addresses(const NicSituation& at, List& out) {
    const auto both = in_both(at.served, at.interface.addresses);
    const bool own = at.nic.driver == NicDriver::af_packet || at.nic.driver == NicDriver::device;
    if (at.served.empty())
        return out.push_back({Grade::error, "addresses",
                              "dns.listen covers no address of this host",
                              "add the interface's addresses to dns.listen"});
    if (own && !both.empty())
        return out.push_back(
            {Grade::error, "addresses",
             fmt::format("{} is the kernel's, too: each query would be answered twice",
                         fmt::join(both, ", ")),
             fmt::format("ip address del {}/… dev {}, or driver = \"af_xdp\"", both.front(),
                         at.interface.name)});
    if (own || !both.empty())
        return out.push_back(
            {Grade::ok, "addresses",
             fmt::format("answers for {}", fmt::join(own ? at.served : both, ", ")), ""});
    // Anycast addresses often are those of lo, and queries for them come in by any interface.
    out.push_back(
        {at.interface.addresses.empty() ? Grade::error : Grade::warning, "addresses",
         fmt::format("no address of the interface is one that queries are answered on ({})",
                     fmt::join(at.served, ", ")),
         "add its addresses to dns.listen, or give it one of those; nothing to do where "
         "they are routed to it"});
}

void check_vlans(const NicSituation& at, List& out) {
    const InterfaceFacts& interface = at.interface;
    if (!at.uses_xdp() || interface.vlans.empty()) return;
    if (!interface.rx_vlan_offload)
        return out.push_back(
            {Grade::ok, "vlan_offload",
             fmt::format("tags of {} stay in the frames", fmt::join(interface.vlans, ", ")), ""});
    out.push_back(
        {Grade::warning, "vlan_offload",
         fmt::format("the interface takes the VLAN tags off the frames (of {}): replies would "
                     "leave without them",
                     fmt::join(interface.vlans, ", ")),
         fmt::format("ethtool -K {} rxvlan off", interface.name)});
}

void check_queues(const NicSituation& at, List& out) {
    const unsigned has = at.interface.queues;
    if (at.nic.driver != NicDriver::af_xdp || has == 0) return;
    if (at.queues > has)
        return out.push_back(
            {Grade::error, "queues",
             fmt::format("{} queues are configured, and the interface has {}", at.queues, has),
             has < at.interface.queues_max
                 ? "queues = \"auto\", or: " +
                       set_queues(at.interface, std::min(at.queues, at.interface.queues_max))
                 : std::string("queues = \"auto\"")});
    if (at.queues < has)
        return out.push_back(
            {Grade::warning, "queues",
             fmt::format("{} of the interface's {} queues have a worker: what comes in by the "
                         "others goes to the kernel's sockets",
                         at.queues, has),
             "queues = \"auto\", or: " + set_queues(at.interface, at.queues)});
    out.push_back({Grade::ok, "queues",
                   has == 1 ? "its one queue has a worker"
                            : fmt::format("each of its {} queues has a worker", has),
                   ""});
}

void check_mtu(const NicSituation& at, List& out) {
    const unsigned mtu = at.interface.mtu;
    if (mtu == 0) return;
    const std::string set = fmt::format("ip link set dev {} mtu {}", at.interface.name, kUsualMtu);
    if (mtu < kIpv6MtuMin)
        return out.push_back(
            {Grade::error, "mtu", fmt::format("MTU {}: IPv6 needs {}", mtu, kIpv6MtuMin), set});
    if (mtu < kUsualMtu)
        return out.push_back({Grade::warning, "mtu",
                              fmt::format("MTU {}: longer replies are truncated, and asked for "
                                          "again over TCP",
                                          mtu),
                              "fine where the network has no more; else: " + set});
    if (mtu > kNativeXdpMtuMax && at.uses_xdp() && at.interface.xdp.native &&
        at.nic.xdp_mode != "generic")
        return out.push_back({Grade::warning, "mtu",
                              fmt::format("MTU {}: most drivers refuse native XDP above about {}",
                                          mtu, kNativeXdpMtuMax),
                              set + ", or xdp_mode = \"generic\""});
    out.push_back({Grade::ok, "mtu", fmt::to_string(mtu), ""});
}

void check_holder(const NicSituation& at, List& out) {
    if (!at.interface.holder) return;
    if (at.is_served())
        return out.push_back({Grade::ok, "lock",
                              fmt::format("this instance has it, process {}", *at.own_supervisor),
                              ""});
    const pid_t pid = *at.interface.holder;
    out.push_back(
        {Grade::error, "lock",
         fmt::format("another Gatepost has it{}", pid == 0 ? "" : fmt::format(", process {}", pid)),
         "stop that one, or take the interface out of one of the two configurations"});
}

void check_device(const NicSituation& at, List& out) {
    const std::string address = pci_address_of_device(at.nic.device);
    if (address.empty()) return;
    if (!at.pci_driver)
        return out.push_back({Grade::error, "device", fmt::format("no PCI device {}", address),
                              "lspci -D lists those there are"});
    const KnownDriver* known = find_known_driver(*at.pci_driver);
    if (at.nic.driver == NicDriver::bifurcated && (known == nullptr || !known->shares))
        return out.push_back(
            {Grade::error, "device",
             fmt::format("{} has the driver {}, which does not share its device", address,
                         at.pci_driver->empty() ? "none" : *at.pci_driver),
             "driver = \"af_xdp\", or driver = \"device\" for the whole device"});
    const bool ready = at.pci_driver->starts_with("vfio") || at.pci_driver->find("uio") == 0 ||
                       *at.pci_driver == "igb_uio" || (known != nullptr && known->shares);
    if (!ready)
        return out.push_back(
            {Grade::error, "device",
             fmt::format("{} is with the kernel's driver {}", address,
                         at.pci_driver->empty() ? "none" : *at.pci_driver),
             fmt::format("dpdk-devbind.py --bind=vfio-pci {} (it is lost to the kernel then)",
                         address)});
    out.push_back(
        {Grade::ok, "device", fmt::format("{} with driver {}", address, *at.pci_driver), ""});
}

void what_would_be_faster(const NicSituation& at, std::vector<std::string>& out) {
    const InterfaceFacts& interface = at.interface;
    if (at.uses_xdp()) xdp_faster(at, out);
    if (!at.nic.hugepages) out.push_back("packet buffers in huge pages: hugepages = \"auto\"");
    const unsigned more =
        std::min<unsigned>(interface.queues_max, static_cast<unsigned>(at.host.cores.size()));
    // Virtual interfaces may have no more than they were made with, whatever they say.
    if (!interface.pci_address.empty() && more > interface.queues)
        out.push_back("more queues: " + set_queues(interface, more));
    const KnownDriver* known = find_known_driver(interface.driver);
    if (!at.uses_xdp() || known == nullptr || known->dpdk.empty() || interface.pci_address.empty())
        return;
    out.push_back(fmt::format(
        "DPDK's own driver {} {}: driver = \"{}\", device = \"{}\"", known->dpdk,
        known->shares ? "beside the kernel's" : "for the whole device, which the kernel loses",
        known->shares ? "bifurcated" : "device", interface.pci_address));
}

}  // namespace

std::string_view grade_name(Grade grade) {
    switch (grade) {
        case Grade::ok:
            return "ok";
        case Grade::warning:
            return "warning";
        case Grade::error:
            return "error";
    }
    return "";
}

Grade Findings::worst() const {
    Grade worst = Grade::ok;
    for (const Finding& finding : list) worst = std::max(worst, finding.grade);
    return worst;
}

std::string set_queues(const InterfaceFacts& interface, size_t count) {
    if (interface.queues_combined)
        return fmt::format("ethtool -L {} combined {}", interface.name, count);
    return fmt::format("ethtool -L {} rx {} tx {}", interface.name, count, count);
}

std::string pci_address_of_device(const std::string& devargs) {
    const bool is_pci = !devargs.empty() && devargs[0] >= '0' && devargs[0] <= '9';
    return is_pci ? devargs.substr(0, devargs.find(',')) : "";
}

Findings judge_nic(const NicSituation& situation) {
    Findings out;
    if (situation.uses_kernel_driver() && !situation.interface.exists) {
        out.list.push_back({Grade::error, "interface",
                            fmt::format("there is no interface {}", situation.nic.interface),
                            "gatepost nic list shows those there are; the name in [[nic]] may be "
                            "misspelt, or the network not set up yet"});
        return out;
    }
    if (situation.uses_kernel_driver()) {
        check_link(situation, out.list);
        check_addresses(situation, out.list);
        check_holder(situation, out.list);
    }
    check_device(situation, out.list);
    check_host(situation, out.list);
    if (situation.uses_xdp()) check_xdp(situation, out.list);
    check_vlans(situation, out.list);
    check_queues(situation, out.list);
    check_cores(situation, out.list);
    check_hugepages(situation, out.list);
    if (situation.uses_kernel_driver()) check_mtu(situation, out.list);
    what_would_be_faster(situation, out.faster);
    return out;
}

}  // namespace gatepost::tools
