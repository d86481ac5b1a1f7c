#include "dataplane/port/dpdk.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <sched.h>

#include <cstring>
#include <fstream>

#include "dataplane/port/dpdk_log.h"

namespace gatepost::dataplane {

namespace {

constexpr unsigned kHugepageMib = 2;

unsigned free_hugepages() {
    std::ifstream file("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
    unsigned count = 0;
    file >> count;
    return file ? count : 0;
}

// DPDK pins the thread that starts it; the process's threads are pinned by others.
std::vector<std::string> arguments(const DpdkOptions& options, bool hugepages) {
    int core = options.core < 0 ? ::sched_getcpu() : options.core;
    std::vector<std::string> out = {"gatepost",
                                    "--lcores",
                                    fmt::format("0@{}", core),
                                    "--no-telemetry",
                                    "--iova-mode=va",
                                    "--log-level=lib.eal:warning",
                                    "-m",
                                    std::to_string(options.memory_mib)};
    if (hugepages)
        out.push_back("--in-memory");  // nothing is left on hugetlbfs, even after kill -9
    else
        out.insert(out.end(), {"--no-huge", "--no-shconf"});
    if (options.pci.empty()) out.push_back("--no-pci");
    for (const std::string& address : options.pci) out.insert(out.end(), {"-a", address});
    return out;
}

}  // namespace

Result<bool> start_dpdk(const DpdkOptions& options) {
    bool hugepages = options.hugepages && free_hugepages() >= options.memory_mib / kHugepageMib + 1;
    std::vector<std::string> texts = arguments(options, hugepages);
    std::vector<char*> argv;
    for (std::string& text : texts) argv.push_back(text.data());
    argv.push_back(nullptr);

    cpu_set_t cores;
    bool known = ::sched_getaffinity(0, sizeof cores, &cores) == 0;
    DpdkLog log;
    int started = ::rte_eal_init(static_cast<int>(texts.size()), argv.data());
    if (known) ::sched_setaffinity(0, sizeof cores, &cores);
    if (started < 0)
        return fail(ErrorCode::refused, "starting DPDK: {}; it said: {}", std::strerror(rte_errno),
                    log.last_lines());
    return hugepages;
}

void stop_dpdk() {
    ::rte_eal_cleanup();
}

Status enter_dpdk_thread() {
    if (::rte_thread_register() == 0) return {};
    return fail(ErrorCode::refused, "DPDK does not take another thread: {}",
                std::strerror(rte_errno));
}

void leave_dpdk_thread() {
    ::rte_thread_unregister();
}

}  // namespace gatepost::dataplane
