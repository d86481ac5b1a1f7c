#include "tools/gatepost/nic/interface_facts.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "dataplane/xdp/interface_lock.h"

namespace gatepost::tools {
namespace {

bool run(const char* command) {
    return std::system(command) == 0;
}

// In a process of its own: namespaces of the network and of mounts that go with it, and /sys as it
// is in there. Gives "skip" where this host does not let it make them.
template <typename Function>
std::string in_own_network(Function&& function) {
    int ends[2];
    if (::pipe(ends) != 0) return "pipe";
    const pid_t child = ::fork();
    if (child == 0) {
        std::string said = "skip";
        if (::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
            ::mount("sysfs", "/sys", "sysfs", 0, nullptr) == 0 &&
            run("ip link add facts0 type veth peer name facts1 2>/dev/null"))
            said = function();
        [[maybe_unused]] const ssize_t written = ::write(ends[1], said.data(), said.size());
        ::_exit(0);
    }
    ::close(ends[1]);
    char text[4096];
    std::string out;
    for (ssize_t length; (length = ::read(ends[0], text, sizeof text)) > 0;)
        out.append(text, static_cast<size_t>(length));
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return out;
}

// Some time after an interface came up or went down, the kernel tells of its carrier.
InterfaceFacts facts_with_carrier(bool carrier) {
    InterfaceFacts facts = interface_facts("facts0");
    for (int i = 0; i < 6000 && facts.carrier != carrier; ++i) {
        ::usleep(10'000);
        facts = interface_facts("facts0");
    }
    return facts;
}

// A child tells what did not hold.
#define NOTE_UNLESS(condition) \
    if (!(condition)) wrong += #condition "\n"

TEST(InterfaceFacts, OfAVethPair) {
    const std::string said = in_own_network([] {
        std::string wrong;
        InterfaceFacts facts = interface_facts("facts0");
        NOTE_UNLESS(facts.exists && !facts.up && !facts.loopback);
        run("ip address add 192.0.2.53/24 dev facts0; ip -6 address add 2001:db8::53/64 dev facts0 "
            "nodad; ip link set dev facts0 mtu 1400 up");
        facts = facts_with_carrier(false);
        NOTE_UNLESS(facts.up && !facts.carrier);  // its peer is down
        run("ip link set dev facts1 up");
        facts = facts_with_carrier(true);
        NOTE_UNLESS(facts.carrier);
        NOTE_UNLESS(facts.driver == "veth");
        NOTE_UNLESS(facts.pci_address.empty() && facts.numa_node == -1);
        NOTE_UNLESS(facts.mtu == 1400);
        NOTE_UNLESS(facts.queues == 1);
        NOTE_UNLESS(facts.xdp.native && !facts.xdp.zero_copy);
        NOTE_UNLESS(facts.program_id == 0 && !facts.holder);
        for (const char* address : {"192.0.2.53", "2001:db8::53"})
            NOTE_UNLESS(std::count(facts.addresses.begin(), facts.addresses.end(), address) == 1);
        NOTE_UNLESS(interface_facts("lo").loopback);
        NOTE_UNLESS(interface_names().size() >= 3);
        return wrong;
    });
    if (said == "skip") GTEST_SKIP() << "needs root";
    EXPECT_EQ(said, "");
}

TEST(InterfaceFacts, TheOneThatHasTheLockIsFoundAndNotDisturbed) {
    const std::string said = in_own_network([] {
        std::string wrong;
        auto lock = dataplane::lock_interface("facts0");
        NOTE_UNLESS(lock.has_value());
        // Often: looking must not use anything up.
        for (int i = 0; i < 20; ++i) NOTE_UNLESS(interface_facts("facts0").holder == ::getpid());
        NOTE_UNLESS(!interface_facts("facts1").holder);
        auto second = dataplane::lock_interface("facts0");
        NOTE_UNLESS(!second && second.error().message.find(fmt::format("process {}", ::getpid())) !=
                                   std::string::npos);
        lock->reset();
        NOTE_UNLESS(!interface_facts("facts0").holder);
        return wrong;
    });
    if (said == "skip") GTEST_SKIP() << "needs root";
    EXPECT_EQ(said, "");
}

TEST(InterfaceFacts, VlanInterfacesOnTop) {
    const std::string said = in_own_network([] {
        std::string wrong;
        if (!run("ip link add link facts0 name facts0.7 type vlan id 7 2>/dev/null"))
            return std::string("skip");
        NOTE_UNLESS(interface_facts("facts0").vlans == std::vector<std::string>{"facts0.7"});
        NOTE_UNLESS(interface_facts("facts1").vlans.empty());
        return wrong;
    });
    if (said == "skip") GTEST_SKIP() << "needs root and VLANs";
    EXPECT_EQ(said, "");
}

TEST(InterfaceFacts, OfWhatIsNotThere) {
    const InterfaceFacts facts = interface_facts("no-such-nic");
    EXPECT_FALSE(facts.exists);
    EXPECT_FALSE(facts.holder);
    EXPECT_EQ(facts.name, "no-such-nic");
    EXPECT_FALSE(driver_of_pci_device("ffff:ff:1f.7"));
}

TEST(HostFacts, AreRead) {
    const HostFacts facts = host_facts();
    EXPECT_FALSE(facts.kernel.empty());
    EXPECT_FALSE(facts.cores.empty());
    EXPECT_EQ(facts.root, ::geteuid() == 0);
    EXPECT_GE(facts.hugepages, facts.hugepages_free);
}

}  // namespace
}  // namespace gatepost::tools
