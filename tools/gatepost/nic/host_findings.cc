#include "tools/gatepost/nic/host_findings.h"

#include <fmt/format.h>
#include <linux/capability.h>

#include <algorithm>
#include <set>

namespace gatepost::tools {

namespace {

// What poll mode takes by default (dataplane/worker/poll_mode.cc).
constexpr unsigned kMemoryPerQueueMib = 24;
constexpr unsigned kMemoryBaseMib = 24;
constexpr unsigned kHugepageMib = 2;

unsigned memory_mib(const NicSituation& at) {
    return kMemoryBaseMib + at.queues * kMemoryPerQueueMib;
}

bool has(const HostFacts& host, int capability) {
    return (host.capabilities >> capability & 1) != 0;
}

std::vector<std::string> missing_capabilities(const NicSituation& at) {
    std::vector<std::string> missing;
    const auto need = [&](int capability, const char* name) {
        if (!has(at.host, capability)) missing.emplace_back(name);
    };
    if (at.nic.driver != NicDriver::af_packet) need(CAP_NET_ADMIN, "NET_ADMIN");
    need(CAP_NET_RAW, "NET_RAW");
    if (at.uses_xdp()) need(CAP_BPF, "BPF");
    // Without it the verifier refuses xdp53's steps through headers of any length.
    if (at.uses_xdp()) need(CAP_PERFMON, "PERFMON");
    // An AF_XDP socket's memory is counted against the limit; so is what a device reads and writes.
    const bool limited = at.host.memlock / (1 << 20) < memory_mib(at);
    if (at.nic.driver != NicDriver::af_packet && limited) need(CAP_IPC_LOCK, "IPC_LOCK");
    return missing;
}

std::string core_text(const std::set<unsigned>& cores) {
    return fmt::format("core{} {}", cores.size() == 1 ? "" : "s", fmt::join(cores, ", "));
}

void check_rights(const NicSituation& at, std::vector<Finding>& out) {
    const auto missing = missing_capabilities(at);
    if (missing.empty())
        return out.push_back({Grade::ok, "capabilities", "all that poll mode needs", ""});
    out.push_back({Grade::error, "capabilities",
                   fmt::format("this user lacks the capabilities {}", fmt::join(missing, ", ")),
                   fmt::format("run Gatepost as root (it drops what it does not need), or with "
                               "AmbientCapabilities=CAP_{} in its unit",
                               fmt::join(missing, " CAP_"))});
}

void check_memlock(const NicSituation& at, std::vector<Finding>& out) {
    if (at.nic.driver == NicDriver::af_packet || has(at.host, CAP_IPC_LOCK)) return;
    const uint64_t limit_mib = at.host.memlock / (1 << 20);
    if (limit_mib >= memory_mib(at)) return;
    out.push_back({Grade::error, "memlock",
                   fmt::format("{} MiB may be locked, and the buffers of {} queues are {} MiB",
                               limit_mib, at.queues, memory_mib(at)),
                   "LimitMEMLOCK=infinity in its unit (ulimit -l), or the capability IPC_LOCK"});
}

}  // namespace

void check_host(const NicSituation& at, std::vector<Finding>& out) {
    if (at.uses_xdp() && !at.host.af_xdp)
        out.push_back({Grade::error, "af_xdp",
                       fmt::format("the kernel ({}) has no AF_XDP", at.host.kernel),
                       "a kernel built with CONFIG_XDP_SOCKETS, or driver = \"af_packet\""});
    if (at.is_served()) return;
    check_rights(at, out);
    check_memlock(at, out);
}

void check_cores(const NicSituation& at, std::vector<Finding>& out) {
    const std::set<unsigned> usable(at.host.cores.begin(), at.host.cores.end());
    std::set<unsigned> unusable;
    for (unsigned core : at.nic_cores)
        if (!usable.contains(core)) unusable.insert(core);
    if (!unusable.empty())
        return out.push_back({Grade::error, "cores",
                              "this process may not use " + core_text(unusable),
                              fmt::format("cores from {}", fmt::join(usable, ", "))});
    const std::set<unsigned> own(at.nic_cores.begin(), at.nic_cores.end());
    if (own.size() < at.queues)
        return out.push_back({Grade::warning, "cores",
                              fmt::format("{} queues share {} core{}", at.queues, own.size(),
                                          own.size() == 1 ? "" : "s"),
                              "as many queues as cores: " + set_queues(at.interface, own.size())});
    std::set<unsigned> shared;
    for (unsigned core : at.socket_cores)
        if (own.contains(core)) shared.insert(core);
    if (shared.empty())
        return out.push_back({Grade::ok, "cores", core_text(own) + ", for it alone", ""});
    // A worker that never sleeps leaves the others what the scheduler takes from it.
    out.push_back(
        {at.nic.spin ? Grade::warning : Grade::ok, "cores",
         fmt::format("{}; the workers of the kernel's sockets (TCP) run on {}, too", core_text(own),
                     core_text(shared)),
         at.nic.spin ? "idle = \"adaptive\", or other cores: nic.cores, dataplane.cores" : ""});
}

void check_hugepages(const NicSituation& at, std::vector<Finding>& out) {
    const unsigned wanted = memory_mib(at) / kHugepageMib + 1;
    if (!at.nic.hugepages)
        return out.push_back({Grade::ok, "hugepages", "not wanted (hugepages = \"off\")", ""});
    if (at.is_served()) return;  // it has taken what it wanted
    if (at.host.hugepages_free >= wanted)
        return out.push_back(
            {Grade::ok, "hugepages",
             fmt::format("{} of 2 MiB are free, {} are wanted", at.host.hugepages_free, wanted),
             ""});
    out.push_back({Grade::warning, "hugepages",
                   fmt::format("{} of 2 MiB are free, {} are wanted: the buffers would be in "
                               "ordinary memory, which is slower",
                               at.host.hugepages_free, wanted),
                   fmt::format("sysctl vm.nr_hugepages={}, also in /etc/sysctl.d; or hugepages = "
                               "\"off\"",
                               at.host.hugepages + wanted - at.host.hugepages_free)});
}

}  // namespace gatepost::tools
