#include "tools/gatepost/nic/nic_findings.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

#include <algorithm>

namespace gatepost::tools {
namespace {

// A host and an interface on which nothing is to be found fault with.
NicSituation good() {
    NicSituation at;
    at.nic.interface = "eth1";
    at.nic.xdp_mode = "auto";
    at.queues = 2;
    at.served = {"192.0.2.53", "2001:db8::53"};
    at.nic_cores = {2, 3};
    at.socket_cores = {0, 1};
    at.host.kernel = "6.1.0";
    at.host.af_xdp = true;
    at.host.capabilities = ~uint64_t{0};
    at.host.memlock = UINT64_MAX;
    at.host.hugepages = 256;
    at.host.hugepages_free = 256;
    at.host.cores = {0, 1, 2, 3};
    InterfaceFacts& interface = at.interface;
    interface.name = "eth1";
    interface.exists = interface.up = interface.carrier = true;
    interface.driver = "ice";
    interface.pci_address = "0000:03:00.0";
    interface.mtu = 1500;
    interface.speed_mbps = 25000;
    interface.queues = interface.queues_max = 2;
    interface.addresses = {"192.0.2.53", "2001:db8::53"};
    interface.xdp = {.native = true, .zero_copy = true};
    return at;
}

std::string all_of(const Findings& findings) {
    std::string out;
    for (const Finding& one : findings.list)
        out += fmt::format("{} {} {} → {}\n", grade_name(one.grade), one.check, one.message,
                           one.advice);
    return out;
}

// Exactly one finding that is not ok: this one.
void expect_only(const NicSituation& at, Grade grade, std::string_view check,
                 std::string_view advice) {
    const Findings findings = judge_nic(at);
    std::vector<Finding> wrong;
    for (const Finding& one : findings.list)
        if (one.grade != Grade::ok) wrong.push_back(one);
    ASSERT_EQ(wrong.size(), 1u) << all_of(findings);
    EXPECT_EQ(wrong[0].grade, grade) << all_of(findings);
    EXPECT_EQ(wrong[0].check, check) << all_of(findings);
    EXPECT_NE(wrong[0].advice.find(advice), std::string::npos) << all_of(findings);
    EXPECT_EQ(findings.worst(), grade);
}

std::string faster_of(const NicSituation& at) {
    std::string out;
    for (const std::string& one : judge_nic(at).faster) out += one + "\n";
    return out;
}

TEST(NicFindings, NothingWrongWithAGoodOne) {
    const Findings findings = judge_nic(good());
    EXPECT_EQ(findings.worst(), Grade::ok) << all_of(findings);
    for (const char* check : {"link", "addresses", "capabilities", "xdp_mode", "zero_copy",
                              "queues", "cores", "hugepages", "mtu"})
        EXPECT_EQ(std::count_if(findings.list.begin(), findings.list.end(),
                                [&](const Finding& one) { return one.check == check; }),
                  1)
            << check;
}

TEST(NicFindings, WhatIsWrongHasAnAdvice) {
    NicSituation at = good();
    at.interface = {.name = "eth1"};
    expect_only(at, Grade::error, "interface", "gatepost nic list");
    at = good();
    at.interface.up = at.interface.carrier = false;
    expect_only(at, Grade::error, "link", "ip link set dev eth1 up");
    at = good();
    at.interface.carrier = false;
    expect_only(at, Grade::error, "link", "cable");
    at = good();
    at.host.af_xdp = false;
    expect_only(at, Grade::error, "af_xdp", "af_packet");
    at = good();
    at.host.capabilities &=
        ~(uint64_t{1} << CAP_BPF | uint64_t{1} << CAP_PERFMON | uint64_t{1} << CAP_NET_RAW);
    expect_only(at, Grade::error, "capabilities", "CAP_NET_RAW CAP_BPF CAP_PERFMON");
}

TEST(NicFindings, Addresses) {
    NicSituation at = good();
    at.served = {};
    expect_only(at, Grade::error, "addresses", "dns.listen");
    at = good();
    at.served = {"198.51.100.1"};  // an address of lo, routed to here
    expect_only(at, Grade::warning, "addresses", "routed");
    at = good();
    at.interface.addresses = {};
    expect_only(at, Grade::error, "addresses", "dns.listen");
    at = good();
    at.nic.driver = NicDriver::af_packet;
    expect_only(at, Grade::error, "addresses", "ip address del 192.0.2.53");
    at.interface.addresses = {"192.0.2.1"};
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok);
}

TEST(NicFindings, LockedMemoryCountsOnlyWithoutTheCapability) {
    NicSituation at = good();
    at.host.memlock = 8 << 20;
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok);
    at.host.capabilities &= ~(uint64_t{1} << CAP_IPC_LOCK);
    const Findings findings = judge_nic(at);
    const auto memlock = std::find_if(findings.list.begin(), findings.list.end(),
                                      [](const Finding& one) { return one.check == "memlock"; });
    ASSERT_NE(memlock, findings.list.end()) << all_of(findings);
    EXPECT_EQ(memlock->grade, Grade::error);
    EXPECT_NE(memlock->message.find("8 MiB"), std::string::npos) << memlock->message;
    at.host.memlock = 1 << 30;  // enough
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok) << all_of(judge_nic(at));
}

TEST(NicFindings, ProgramsOfOthers) {
    NicSituation at = good();
    at.interface.program_id = 7;
    at.interface.program_name = "xdp_filter";
    at.interface.program_native = true;
    expect_only(at, Grade::error, "xdp_program", "ip link set dev eth1 xdp off");
    at.interface.program_native = false;
    at.interface.program_name.clear();
    expect_only(at, Grade::error, "xdp_program", "xdpgeneric off");
    // What a predecessor left behind is replaced.
    at.interface.program_name = "xdp53";
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok);
}

TEST(NicFindings, AnotherGatepost) {
    NicSituation at = good();
    at.interface.holder = 4711;
    at.interface.program_id = 7;
    at.interface.program_name = "xdp53";
    expect_only(at, Grade::error, "lock", "stop that one");
    EXPECT_NE(all_of(judge_nic(at)).find("process 4711"), std::string::npos);
    at.interface.holder = 0;  // not to be found out
    EXPECT_EQ(all_of(judge_nic(at)).find("process"), std::string::npos);
    // This very instance: its rights and its memory have sufficed.
    at.interface.holder = at.own_supervisor = 4711;
    at.interface.program_native = true;
    at.host.capabilities = 0;
    at.host.hugepages_free = 0;
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok) << all_of(judge_nic(at));
}

TEST(NicFindings, GenericXdp) {
    NicSituation at = good();
    at.interface.driver = "dummy";
    at.interface.xdp = {};
    expect_only(at, Grade::warning, "xdp_mode", "xdp_mode = \"generic\"");
    EXPECT_NE(faster_of(at).find("native XDP"), std::string::npos);
    at.nic.xdp_mode = "native";
    expect_only(at, Grade::error, "xdp_mode", "xdp_mode = \"auto\"");
    at.nic.xdp_mode = "generic";
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok);
    // The driver could, but is not allowed to.
    at.interface.xdp = {.native = true};
    EXPECT_NE(faster_of(at).find("xdp_mode = \"auto\""), std::string::npos);
    // What is attached counts, not what might be.
    at = good();
    at.interface.holder = at.own_supervisor = 4711;
    at.interface.program_id = 7;
    expect_only(at, Grade::warning, "xdp_mode", "");
}

TEST(NicFindings, VlanTags) {
    NicSituation at = good();
    at.interface.rx_vlan_offload = true;
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok);
    at.interface.vlans = {"eth1.100"};
    expect_only(at, Grade::warning, "vlan_offload", "ethtool -K eth1 rxvlan off");
    at.interface.rx_vlan_offload = false;
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok);
}

TEST(NicFindings, Queues) {
    NicSituation at = good();
    at.interface.queues = at.interface.queues_max = 4;
    expect_only(at, Grade::warning, "queues", "ethtool -L eth1 combined 2");
    at.interface.queues_combined = false;  // as of a veth
    expect_only(at, Grade::warning, "queues", "ethtool -L eth1 rx 2 tx 2");
    at = good();
    at.interface.queues = 1;
    expect_only(at, Grade::error, "queues", "ethtool -L eth1 combined 2");
    EXPECT_NE(faster_of(at).find("ethtool -L eth1 combined 2"), std::string::npos);
}

TEST(NicFindings, Cores) {
    NicSituation at = good();
    at.nic_cores = {2, 2};
    expect_only(at, Grade::warning, "cores", "combined 1");
    at.nic_cores = {2, 9};
    expect_only(at, Grade::error, "cores", "0, 1, 2, 3");
    at.nic_cores = {1, 2};
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok);
    at.nic.spin = true;
    expect_only(at, Grade::warning, "cores", "dataplane.cores");
}

TEST(NicFindings, HugePages) {
    NicSituation at = good();
    at.host.hugepages = 20;
    at.host.hugepages_free = 10;
    // 24 MiB and 24 MiB for each of two queues, in pages of 2 MiB, and one to spare.
    expect_only(at, Grade::warning, "hugepages", "vm.nr_hugepages=47,");
    at.nic.hugepages = false;
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok);
    EXPECT_NE(faster_of(at).find("hugepages = \"auto\""), std::string::npos);
}

TEST(NicFindings, Mtu) {
    NicSituation at = good();
    at.interface.mtu = 9000;
    expect_only(at, Grade::warning, "mtu", "xdp_mode = \"generic\"");
    at.interface.mtu = 1400;
    expect_only(at, Grade::warning, "mtu", "mtu 1500");
    at.interface.mtu = 1000;
    expect_only(at, Grade::error, "mtu", "mtu 1500");
}

TEST(NicFindings, DevicesOfDpdk) {
    NicSituation at = good();
    at.nic.driver = NicDriver::bifurcated;
    at.nic.device = "0000:03:00.0,mprq_en=1";
    expect_only(at, Grade::error, "device", "lspci");
    at.pci_driver = "ice";
    expect_only(at, Grade::error, "device", "driver = \"device\"");
    at.pci_driver = "mlx5_core";
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok) << all_of(judge_nic(at));
    at.nic.driver = NicDriver::device;
    at.interface = {.name = "dns"};  // no interface of the kernel's
    at.pci_driver = "ice";
    expect_only(at, Grade::error, "device", "dpdk-devbind.py --bind=vfio-pci 0000:03:00.0");
    at.pci_driver = "vfio-pci";
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok) << all_of(judge_nic(at));
    at.nic.device = "net_tap0";  // virtual: nothing to be bound
    at.pci_driver.reset();
    EXPECT_EQ(judge_nic(at).worst(), Grade::ok) << all_of(judge_nic(at));
}

TEST(NicFindings, WhatWouldBeFasterNamesTheDevice) {
    NicSituation at = good();
    EXPECT_NE(faster_of(at).find("net_ice"), std::string::npos) << faster_of(at);
    EXPECT_NE(faster_of(at).find("device = \"0000:03:00.0\""), std::string::npos);
    at.interface.driver = "mlx5_core";
    EXPECT_NE(faster_of(at).find("driver = \"bifurcated\""), std::string::npos);
    at.interface.driver = "veth";
    at.interface.pci_address.clear();
    EXPECT_EQ(faster_of(at), "");
    at = good();
    at.interface.xdp.zero_copy = false;
    EXPECT_NE(faster_of(at).find("zero-copy: mlx5_core"), std::string::npos);
}

}  // namespace
}  // namespace gatepost::tools
