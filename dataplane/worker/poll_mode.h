// Poll mode in this process: DPDK, one device, a worker for each of its queues.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/net/host_addresses.h"
#include "dataplane/port/port.h"
#include "dataplane/worker/poll_worker.h"
#include "dataplane/xdp/xdp_program.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

struct PollModeOptions {
    std::string device;  // DPDK's devargs; empty: no poll mode
    unsigned queues = 1;
    std::vector<int> cores;              // of the queues' workers; empty: not pinned
    std::vector<std::string> addresses;  // that queries come to
    std::vector<uint16_t> ports = {53};
    // The device takes every frame: those for other hosts are dropped, and ARP, neighbor
    // discovery and echo are answered here.
    bool all_frames = false;
    bool steer = false;  // the device sorts the queries out (mlx5), the kernel keeps the rest
    // The interface of an AF_XDP device whose XDP program this process is to attach; empty: that is
    // the supervisor's business, and it gave `xsks_map_fd`.
    std::string interface;
    int xsks_map_fd = -1;       // of the XDP program that the supervisor attached; -1: none
    unsigned first_worker = 0;  // in the runtime page
    int slot = -1;              // NicSlot in the runtime page; -1: none
    unsigned burst = 32;
    unsigned ring_size = 2048;
    uint32_t idle_us = 50;
    bool hugepages = true;
    unsigned memory_mib = 0;  // 0: what the queues need
};

// Refuses what contradicts itself.
Status check_poll_options(const PollModeOptions& options);

class PollMode {
  public:
    // The device is open and its queues fill from here on; no worker is started yet.
    static Result<std::unique_ptr<PollMode>> open(const PollModeOptions& options,
                                                  const ResponderOptions& responder,
                                                  storage::RuntimePage& page,
                                                  const CurrentImage& current);
    PollMode(const PollMode&) = delete;
    PollMode& operator=(const PollMode&) = delete;

    // One per queue; the caller's from here on, and gone before this is.
    std::vector<std::unique_ptr<PollWorker>> take_workers() { return std::move(workers_); }
    const Port& port() const { return *port_; }
    bool hugepages() const { return hugepages_; }
    // The workers have been started: frames begin to come.
    Status begin();
    // New queries go to the kernel; the workers still answer what is in the queues.
    void divert();

  private:
    PollMode(const PollModeOptions& options, storage::RuntimePage& page)
        : options_(options), page_(page) {}
    Status attach_program();
    void tell(bool ready);

    PollModeOptions options_;
    storage::RuntimePage& page_;
    HostAddresses host_;
    bool hugepages_ = false;
    std::optional<XdpProgram> program_;  // where this process attached it
    std::unique_ptr<Port> port_;
    std::vector<std::unique_ptr<PollWorker>> workers_;
};

}  // namespace gatepost::dataplane
