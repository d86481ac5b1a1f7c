#include "dataplane/worker/poll_mode.h"

#include <arpa/inet.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "dataplane/port/af_xdp_program.h"
#include "dataplane/port/dpdk.h"

namespace gatepost::dataplane {

namespace {

// Buffers of a queue with the default rings, and what DPDK needs for itself.
constexpr unsigned kMemoryPerQueueMib = 24;
constexpr unsigned kMemoryBaseMib = 24;
// Until the last frames that were on their way when the queues were diverted have arrived.
constexpr int kDivertMs = 2;

// "0000:03:00.0,…" is a device of the PCI bus; virtual ones have names.
bool is_pci(const std::string& device) {
    return !device.empty() && (device[0] >= '0' && device[0] <= '9');
}

Result<HostAddresses> host_addresses(const PollModeOptions& options) {
    HostAddresses host;
    host.all_frames = options.all_frames;
    for (const std::string& text : options.addresses) {
        uint8_t address[16];
        bool is_ipv4 = ::inet_pton(AF_INET, text.c_str(), address) == 1;
        if (!is_ipv4 && ::inet_pton(AF_INET6, text.c_str(), address) != 1)
            return fail(ErrorCode::usage, "--address '{}' is not an IPv4 or IPv6 address", text);
        if (!(is_ipv4 ? host.add_ipv4(address) : host.add_ipv6(address)))
            return fail(ErrorCode::usage, "--address: more than {} of one family",
                        kHostAddressesMax);
    }
    for (uint16_t port : options.ports) {
        if (!host.add_port(port))
            return fail(ErrorCode::usage, "--port: more than {}", kHostPortsMax);
    }
    return host;
}

}  // namespace

Status check_poll_options(const PollModeOptions& options) {
    if (options.device.empty()) return {};
    if (options.queues == 0 || options.first_worker + options.queues > storage::kWorkersMax)
        return fail(ErrorCode::usage, "--queues {}: from 1 to {}", options.queues,
                    storage::kWorkersMax - options.first_worker);
    if (options.burst == 0 || options.burst > kPacketBurstMax)
        return fail(ErrorCode::usage, "--burst {}: from 1 to {}", options.burst, kPacketBurstMax);
    if (!options.cores.empty() && options.cores.size() < options.queues)
        return fail(ErrorCode::usage, "--queues {} need as many cores, and --queue-cores names {}",
                    options.queues, options.cores.size());
    if (options.slot >= static_cast<int>(storage::kNicsMax))
        return fail(ErrorCode::usage, "--nic-slot {}: from 0 to {}", options.slot,
                    storage::kNicsMax - 1);
    if (options.all_frames && options.addresses.empty())
        return fail(ErrorCode::usage,
                    "--all-frames needs --address: which of the frames are for this host?");
    return {};
}

Result<std::unique_ptr<PollMode>> PollMode::open(const PollModeOptions& options,
                                                 const ResponderOptions& responder,
                                                 storage::RuntimePage& page,
                                                 const CurrentImage& current) {
    std::unique_ptr<PollMode> mode(new PollMode(options, page));
    auto host = host_addresses(options);
    if (!host) return tl::unexpected(host.error());
    mode->host_ = *host;

    DpdkOptions dpdk;
    dpdk.hugepages = options.hugepages;
    dpdk.memory_mib = options.memory_mib != 0
                          ? options.memory_mib
                          : kMemoryBaseMib + options.queues * kMemoryPerQueueMib;
    if (is_pci(options.device)) dpdk.pci.push_back(options.device);
    auto started = start_dpdk(dpdk);
    if (!started) return tl::unexpected(started.error());
    mode->hugepages_ = *started;

    if (Status attached = mode->attach_program(); !attached)
        return tl::unexpected(attached.error());
    PortOptions about;
    about.devargs = options.device;
    about.queues = options.queues;
    about.ring_size = options.ring_size;
    about.promiscuous = options.all_frames;
    if (options.steer) about.steered_udp_ports = options.ports;
    auto port = Port::open(about);
    if (!port) return tl::unexpected(port.error());
    mode->port_ = std::move(*port);
    std::memcpy(mode->host_.mac, mode->port_->mac(), sizeof mode->host_.mac);
    mode->host_.mtu = static_cast<uint16_t>(mode->port_->mtu());

    for (unsigned i = 0; i < options.queues; ++i) {
        PollWorkerOptions worker;
        worker.index = options.first_worker + i;
        worker.queue = i;
        worker.core = options.cores.empty() ? -1 : options.cores[i];
        worker.burst = options.burst;
        worker.idle_us = options.idle_us;
        worker.frames.mtu = static_cast<uint16_t>(mode->port_->mtu());
        worker.frames.checksums_offloaded = mode->port_->checksums_udp();
        worker.responder = responder;
        mode->workers_.push_back(
            std::make_unique<PollWorker>(worker, *mode->port_, mode->host_, page, current));
    }
    return mode;
}

Status PollMode::attach_program() {
    if (options_.interface.empty()) {
        use_xsks_map(options_.xsks_map_fd);
        return {};
    }
    auto program = XdpProgram::attach({.interface = options_.interface, .queues = options_.queues});
    if (!program) return tl::unexpected(program.error());
    std::vector<ServedEndpoint> endpoints;
    for (const std::string& address : options_.addresses) {
        for (uint16_t port : options_.ports) {
            auto endpoint = parse_endpoint(address, port);
            if (!endpoint) return tl::unexpected(endpoint.error());
            endpoints.push_back(*endpoint);
        }
    }
    if (Status served = program->serve(endpoints); !served) return served;
    program_ = std::move(*program);
    use_xsks_map(program_->xsks_map());
    return {};
}

Status PollMode::begin() {
    if (Status attracted = port_->attract(); !attracted) return attracted;
    tell(true);
    return {};
}

void PollMode::tell(bool ready) {
    if (options_.slot < 0) return;
    storage::NicSlot& slot = page_.nics[options_.slot];
    slot.pid.store(static_cast<uint32_t>(::getpid()), std::memory_order_relaxed);
    slot.ready.store(ready ? 1 : 0, std::memory_order_release);
}

void PollMode::divert() {
    tell(false);
    port_->divert();
    ::poll(nullptr, 0, kDivertMs);
}

}  // namespace gatepost::dataplane
