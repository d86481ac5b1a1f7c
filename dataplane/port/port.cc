#include "dataplane/port/port.h"

#include <poll.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dataplane/port/af_xdp_program.h"
#include "dataplane/port/dpdk_log.h"
#include "dataplane/port/flow.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

// The AF_XDP driver always fills its ring of free buffers with this many (rte_eth_af_xdp.c).
constexpr unsigned kFillRing = 2048;
constexpr unsigned kBufferCache = 256;  // per thread: most allocations touch nothing shared

constexpr uint64_t kWantedHashes = RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP;

unsigned buffers_needed(const PortOptions& options) {
    if (options.buffers != 0) return options.buffers;
    // Those that wait to be filled, those to be sent, those of a burst, those in the cache.
    return kFillRing + 2 * options.ring_size + 2 * unsigned{kPacketBurstMax} + 2 * kBufferCache;
}

tl::unexpected<Error> refuse(const PortOptions& options, std::string_view what, int error,
                             const DpdkLog& log) {
    std::string said = log.last_lines();
    return fail(ErrorCode::refused, "{} {}: {}{}{}", what, options.devargs,
                std::strerror(error < 0 ? -error : error),
                said.empty() ? "" : "; DPDK said: ", said);
}

// The devargs' first part names the device.
std::string device_name(const std::string& devargs) {
    return devargs.substr(0, devargs.find(','));
}

void fill(Packet& packet, rte_mbuf* buffer) {
    packet.data = rte_pktmbuf_mtod(buffer, uint8_t*);
    packet.length = buffer->data_len;
    packet.headroom = buffer->data_off;
    packet.capacity = static_cast<uint16_t>(buffer->buf_len - buffer->data_off);
    packet.offload_link = 0;
    packet.buffer = buffer;
}

rte_mbuf* settle(const Packet& packet) {
    auto* buffer = static_cast<rte_mbuf*>(packet.buffer);
    buffer->data_off = static_cast<uint16_t>(packet.data - static_cast<uint8_t*>(buffer->buf_addr));
    buffer->data_len = packet.length;
    buffer->pkt_len = packet.length;
    if (packet.offload_link != 0) {
        buffer->l2_len = packet.offload_link;
        buffer->l3_len = packet.offload_ip;
        buffer->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM |
                            (packet.offload_ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
    }
    return buffer;
}

timespec as_timespec(uint32_t time_us) {
    return {static_cast<time_t>(time_us / 1'000'000),
            static_cast<long>(time_us % 1'000'000) * 1000};
}

}  // namespace

struct Port::Queue {
    rte_mempool* pool = nullptr;
    int descriptor = -1;  // readable when a frame has come; -1: there is none
};

Result<std::unique_ptr<Port>> Port::open(const PortOptions& options) {
    DpdkLog log;  // outlives the port: closing one that failed is no news on standard error
    std::unique_ptr<Port> port(new Port);
    std::string name = device_name(options.devargs);
    // Devices of a bus are there since the start; virtual ones are made now.
    if (::rte_eth_dev_get_port_by_name(name.c_str(), &port->id_) != 0) {
        int error = ::rte_dev_probe(options.devargs.c_str());
        if (error != 0) return refuse(options, "no device", error, log);
        if (::rte_eth_dev_get_port_by_name(name.c_str(), &port->id_) != 0)
            return refuse(options, "no network device", ENODEV, log);
    }
    port->open_ = true;
    if (Status ready = port->configure(options); !ready) {
        std::string said = log.last_lines();
        return fail(ready.error().code, "{}{}{}", ready.error().message,
                    said.empty() ? "" : "; DPDK said: ", said);
    }
    return port;
}

Status Port::configure(const PortOptions& options) {
    rte_eth_dev_info info{};
    if (int error = ::rte_eth_dev_info_get(id_, &info); error != 0)
        return fail(ErrorCode::refused, "asking device {}: {}", options.devargs,
                    std::strerror(-error));
    driver_ = info.driver_name;
    queues_ = options.queues;
    if (queues_ > std::min(info.max_rx_queues, info.max_tx_queues))
        return fail(ErrorCode::usage, "{} has {} queues; {} were asked for", options.devargs,
                    std::min(info.max_rx_queues, info.max_tx_queues), queues_);
    if (!options.steered_udp_ports.empty()) {
        if (Status isolated = isolate_flows(id_, driver_); !isolated) return isolated;
    }
    rte_eth_conf about{};
    if (queues_ > 1 && (info.flow_type_rss_offloads & kWantedHashes) != 0) {
        about.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        about.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & kWantedHashes;
    }
    checksums_udp_ = (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_UDP_CKSUM) != 0;
    if (checksums_udp_) about.txmode.offloads |= RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
    auto count = static_cast<uint16_t>(queues_);
    if (int error = ::rte_eth_dev_configure(id_, count, count, &about); error != 0)
        return fail(ErrorCode::refused, "configuring {}: {}", options.devargs,
                    std::strerror(-error));
    if (Status made = make_queues(options); !made) return made;
    if (int error = ::rte_eth_dev_start(id_); error != 0)
        return fail(ErrorCode::refused, "starting {}: {}", options.devargs, std::strerror(-error));
    if (options.promiscuous) ::rte_eth_promiscuous_enable(id_);
    if (!options.steered_udp_ports.empty()) {
        if (Status steered = steer_flows(id_, queues_, options.steered_udp_ports); !steered)
            return steered;
    }
    uint16_t mtu = 0;
    if (::rte_eth_dev_get_mtu(id_, &mtu) == 0 && mtu != 0) mtu_ = mtu;
    rte_ether_addr address{};
    if (::rte_eth_macaddr_get(id_, &address) == 0)
        std::memcpy(mac_, address.addr_bytes, sizeof mac_);
    return {};
}

Status Port::make_queues(const PortOptions& options) {
    int socket = std::max(0, ::rte_eth_dev_socket_id(id_));
    auto ring_size = static_cast<uint16_t>(options.ring_size);
    uint16_t transmit_size = ring_size;
    ::rte_eth_dev_adjust_nb_rx_tx_desc(id_, &ring_size, &transmit_size);
    for (unsigned i = 0; i < queues_; ++i) {
        Queue queue;
        // A pool for each queue: nothing is shared between the threads.
        std::string name = fmt::format("port{}queue{}", id_, i);
        queue.pool = ::rte_pktmbuf_pool_create(
            name.c_str(), buffers_needed(options), kBufferCache, 0,
            static_cast<uint16_t>(RTE_PKTMBUF_HEADROOM + kPacketCapacity), socket);
        if (queue.pool == nullptr)
            return fail(ErrorCode::refused,
                        "{} buffers of {} octets for queue {} of {}: {}; give DPDK more memory",
                        buffers_needed(options), kPacketCapacity, i, options.devargs,
                        std::strerror(rte_errno));
        queue_.push_back(queue);
        auto number = static_cast<uint16_t>(i);
        int error = ::rte_eth_rx_queue_setup(id_, number, ring_size, static_cast<unsigned>(socket),
                                             nullptr, queue.pool);
        if (error == 0)
            error = ::rte_eth_tx_queue_setup(id_, number, transmit_size,
                                             static_cast<unsigned>(socket), nullptr);
        if (error != 0)
            return fail(ErrorCode::refused, "opening queue {} of {}: {}", i, options.devargs,
                        std::strerror(-error));
        queue_.back().descriptor = xsk_of_queue(i);
    }
    return {};
}

Port::~Port() {
    if (!open_) return;
    // libxdp would ask netlink for the program, which is not its to detach and, in poll mode, no
    // system call to be made any more (seccomp.cc): the sockets end with the process.
    if (driver_ == "net_af_xdp" && uses_xsks_map()) return;
    ::rte_eth_dev_stop(id_);
    ::rte_eth_dev_close(id_);
    for (Queue& queue : queue_) ::rte_mempool_free(queue.pool);
}

size_t Port::receive(unsigned queue, std::span<Packet> into) {
    GATEPOST_CHECK(into.size() <= kPacketBurstMax);
    rte_mbuf* buffers[kPacketBurstMax];
    size_t count = ::rte_eth_rx_burst(id_, static_cast<uint16_t>(queue), buffers,
                                      static_cast<uint16_t>(into.size()));
    // Headers and the question lie in the first two lines.
    for (size_t i = 0; i < count; ++i) {
        fill(into[i], buffers[i]);
        __builtin_prefetch(into[i].data);
        __builtin_prefetch(into[i].data + 64);
    }
    return count;
}

size_t Port::transmit(unsigned queue, std::span<const Packet> packets) {
    GATEPOST_CHECK(packets.size() <= kPacketBurstMax);
    rte_mbuf* buffers[kPacketBurstMax];
    for (size_t i = 0; i < packets.size(); ++i) buffers[i] = settle(packets[i]);
    return ::rte_eth_tx_burst(id_, static_cast<uint16_t>(queue), buffers,
                              static_cast<uint16_t>(packets.size()));
}

size_t Port::allocate(unsigned queue, std::span<Packet> into) {
    GATEPOST_CHECK(into.size() <= kPacketBurstMax);
    rte_mbuf* buffers[kPacketBurstMax];
    size_t count = into.size();
    // All or none: then as many as there are.
    if (::rte_pktmbuf_alloc_bulk(queue_[queue].pool, buffers, static_cast<unsigned>(count)) != 0) {
        count = 0;
        while (count < into.size() &&
               (buffers[count] = ::rte_pktmbuf_alloc(queue_[queue].pool)) != nullptr)
            ++count;
    }
    for (size_t i = 0; i < count; ++i) fill(into[i], buffers[i]);
    return count;
}

void Port::release(std::span<const Packet> packets) {
    for (const Packet& packet : packets) ::rte_pktmbuf_free(static_cast<rte_mbuf*>(packet.buffer));
}

bool Port::wakes(unsigned queue) const {
    return queue_[queue].descriptor >= 0;
}

PortEvent Port::wait(unsigned queue, uint32_t timeout_us) {
    GATEPOST_CHECK(wakes(queue));
    timespec time = as_timespec(timeout_us);
    pollfd socket{queue_[queue].descriptor, POLLIN, 0};
    if (::ppoll(&socket, 1, &time, nullptr) <= 0) return PortEvent::maybe;
    return (socket.revents & (POLLERR | POLLHUP)) == 0 ? PortEvent::maybe : PortEvent::gone;
}

void Port::sleep(uint32_t time_us) {
    timespec time = as_timespec(time_us);
    ::nanosleep(&time, nullptr);
}

PortStats Port::stats() const {
    rte_eth_stats stats{};
    if (::rte_eth_stats_get(id_, &stats) != 0) return {};
    return {stats.ipackets, stats.opackets, stats.imissed + stats.rx_nombuf,
            stats.ierrors + stats.oerrors};
}

Status Port::attract() {
    for (unsigned i = 0; i < queues_; ++i)
        if (Status entered = enter_xsks_map(i); !entered) return entered;
    return {};
}

void Port::divert() {
    for (unsigned i = 0; i < queues_; ++i) static_cast<void>(leave_xsks_map(i));
}

}  // namespace gatepost::dataplane
