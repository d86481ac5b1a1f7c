// DPDK's environment in this process: memory, threads that it knows. Once per process, before any
// Port.
#pragma once

#include <string>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::dataplane {

struct DpdkOptions {
    bool hugepages = true;  // take 2 MiB pages where the host has some free; else ordinary memory
    unsigned memory_mib = 128;  // for all buffers and rings
    int core = -1;              // the main thread is pinned to it; -1: stays where it is
    std::vector<std::string>
        pci;  // addresses of PCI devices to take; none: the bus is not looked at
    bool log_debug = false;
};

// An error says what was missing and what to do. Gives whether huge pages are in use.
Result<bool> start_dpdk(const DpdkOptions& options);
// Gives back what was taken, for good: DPDK starts once in a process.
void stop_dpdk();

// To be called by each thread before it uses a Port's queue: its buffers' cache is per thread.
Status enter_dpdk_thread();
void leave_dpdk_thread();

}  // namespace gatepost::dataplane
