// A network device in poll mode: bursts of frames in and out of its queues, through DPDK's ethdev
// (rte_ethdev.h), whichever driver it is. This folder is the only one that knows DPDK.
//
// Ownership: a received or allocated packet is the caller's until it gives it back with transmit()
// or release(). Each queue belongs to one thread; nothing here locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/port/packet.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

inline constexpr size_t kPacketBurstMax = 64;      // packets
inline constexpr uint16_t kPacketHeadroom = 128;   // octets in front of an allocated packet's data
inline constexpr uint16_t kPacketCapacity = 2048;  // octets behind it

struct PortOptions {
    // As DPDK names devices: "net_af_xdp0,iface=eth1", "0000:03:00.0".
    std::string devargs;
    unsigned queues = 1;        // receive and transmit queue pairs
    unsigned ring_size = 2048;  // descriptors of each queue; a power of two
    unsigned buffers = 0;       // per queue; 0: as many as rings and bursts can hold
    bool promiscuous = false;
    // UDP ports to be steered here by the device, all else going to the kernel: for drivers that
    // share their device with it (mlx5). Others refuse.
    std::vector<uint16_t> steered_udp_ports;
};

struct PortStats {
    uint64_t received = 0;
    uint64_t sent = 0;
    uint64_t missed = 0;  // arrived, but the device had no room
    uint64_t errors = 0;
};

enum class PortEvent : uint8_t { maybe, gone };  // worth a look, or nothing will ever come again

class Port {
  public:
    // The device is started and up. `start_dpdk` (dpdk.h) has succeeded before.
    static Result<std::unique_ptr<Port>> open(const PortOptions& options);
    ~Port();
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    // By the queue's thread only:
    // Fills `into` (at most kPacketBurstMax) from the queue; gives how many.
    size_t receive(unsigned queue, std::span<Packet> into);
    // Hands packets to the device, which frees them when they are on the wire. Gives how many it
    // took: the rest, at the end of the span, is still the caller's.
    size_t transmit(unsigned queue, std::span<const Packet> packets);
    // Empty packets; gives how many there were.
    size_t allocate(unsigned queue, std::span<Packet> into);
    static void release(std::span<const Packet> packets);
    // Whether wait() ends as soon as a frame arrives, rather than by time alone.
    bool wakes(unsigned queue) const;
    // Sleeps until the queue has something, or the time is over. Where wakes().
    PortEvent wait(unsigned queue, uint32_t timeout_us);
    // Sleeps for so long.
    static void sleep(uint32_t time_us);

    // By any thread:
    const std::string& driver() const { return driver_; }
    unsigned queues() const { return queues_; }
    unsigned mtu() const { return mtu_; }                  // octets of IP
    const uint8_t* mac() const { return mac_; }            // 6 octets
    bool checksums_udp() const { return checksums_udp_; }  // the device can fill them in
    PortStats stats() const;
    // Frames begin to come: an AF_XDP queue enters the XDP program's map. Other devices have them
    // from the start.
    Status attract();
    // They stop coming, and the kernel gets them. What is in the queues can still be received.
    void divert();

  private:
    struct Queue;

    Port() = default;
    Status configure(const PortOptions& options);
    Status make_queues(const PortOptions& options);

    uint16_t id_ = 0;
    bool open_ = false;
    std::string driver_;
    unsigned queues_ = 0;
    unsigned mtu_ = 1500;
    uint8_t mac_[6] = {};
    bool checksums_udp_ = false;
    std::vector<Queue> queue_;
};

}  // namespace gatepost::dataplane
