// The one small page that processes share read-write: QSBR readers, the workers' counters, and
// which arena each worker answers from. The supervisor creates it, hands it to the control plane
// and the dataplane, and clears a dead dataplane's part of it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "storage/arena/qsbr.h"
#include "storage/arena/stream_counters.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::storage {

inline constexpr uint64_t kRuntimePageMagic = 0x3476544e55525047;  // "GPRUNTv4"
inline constexpr size_t kWorkersMax = kQsbrReadersMax - 1;
inline constexpr size_t kCopierReader =
    kQsbrReadersMax - 1;  // the control plane's background copier

inline constexpr size_t kTransports = 4;  // UDP, TCP, TLS, HTTPS
inline constexpr size_t kFamilies = 2;    // IPv4, IPv6
inline constexpr size_t kRcodes = 24;     // 0..23; BADVERS is 16, BADCOOKIE 23
inline constexpr size_t kDropReasons = 32;
inline constexpr size_t kNicsMax = 8;            // poll-mode processes, one per network interface
inline constexpr size_t kInterfaceNameMax = 16;  // IFNAMSIZ, the closing zero included

// Why a query got no answer.
enum class Drop : uint8_t {
    runt,              // shorter than a header
    not_a_query,       // QR set
    reply_overflow,    // the reply buffer cannot hold a header and the question
    send_failed,       // the kernel refused the reply
    source_port_zero,  // nowhere to answer to
    tcp_limit,         // connection limit reached
    tcp_idle,          // connection closed for idleness
    tcp_framing,       // a length prefix that cannot be
    receive_overflow,  // datagram larger than the receive buffer
    rate_limited,      // response rate limiting: no reply at all (slips are replies)
    // Of frames that a poll-mode worker took from its queue:
    frame_malformed,    // a header that is cut off or contradicts itself
    frame_protocol,     // neither DNS nor anything that is answered here
    frame_fragment,     // part of a datagram: the kernel's business, where it sees it
    frame_checksum,     // of the IPv4 header, UDP or ICMP
    frame_source,       // an address that no reply may go to: multicast, broadcast, our own …
    frame_destination,  // to another host
    transmit_full,      // the device took no more frames
};

// Written by one worker only; read by anyone. Relaxed loads and stores: no read-modify-write.
struct alignas(kCacheLine) WorkerCounters {
    std::atomic<uint64_t> queries[kTransports][kFamilies];
    std::atomic<uint64_t> rcodes[kRcodes];
    std::atomic<uint64_t> truncated;
    std::atomic<uint64_t> slipped;  // cut short by rate limiting, so that the client tries TCP
    std::atomic<uint64_t> cookies_valid;
    std::atomic<uint64_t> cookies_new;  // of clients that have no server cookie yet
    std::atomic<uint64_t> cookies_bad;  // too old, or not made here
    std::atomic<uint64_t> dropped[kDropReasons];
    std::atomic<uint64_t> bursts;
    std::atomic<uint64_t> tcp_connections;        // open now
    std::atomic<uint64_t> tcp_connections_total;  // accepted since start
    std::atomic<uint64_t> arena_generation;       // what this worker answers from; 0: nothing yet
    std::atomic<uint64_t> directory_generation;   // the same of the directory
    std::atomic<uint64_t> heartbeat_ns;           // CLOCK_MONOTONIC at the last loop

    static void add(std::atomic<uint64_t>& counter, uint64_t count) {
        counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    }
};

// The stages of a burst in poll mode, for their costs.
enum class PollStage : uint8_t { receive, decode, answer, encode, transmit };
inline constexpr size_t kPollStages = 5;

// What a poll-mode worker counts beside WorkerCounters; written by that worker only.
struct alignas(kCacheLine) PollCounters {
    std::atomic<uint64_t> polls;        // looks into the receive queue
    std::atomic<uint64_t> polls_empty;  // those that found nothing
    std::atomic<uint64_t> sleeps;
    std::atomic<uint64_t> frames_received;
    std::atomic<uint64_t> octets_received;
    std::atomic<uint64_t> frames_sent;
    std::atomic<uint64_t> octets_sent;
    std::atomic<uint64_t> neighbor_replies;  // ARP, neighbor discovery, echo
    std::atomic<uint64_t> device_missed;     // by the device, for want of room
    // Of the bursts that were measured (one of many): frames and time stamp counter cycles.
    std::atomic<uint64_t> sampled_frames;
    std::atomic<uint64_t> stage_cycles[kPollStages];
};

// A poll-mode process: its interface, and its part of `workers`.
struct NicSlot {
    char interface[kInterfaceNameMax];
    std::atomic<uint32_t> first_worker;
    std::atomic<uint32_t> worker_count;
    std::atomic<uint32_t> pid;    // 0: does not run; the kernel's sockets answer
    std::atomic<uint32_t> ready;  // 1: takes frames
    std::atomic<uint64_t> starts;
};

// Lines of the log that say that something is not as it should be, for whoever looks at the status
// first. Each process counts its own; relaxed additions, as it may have several threads.
enum class LogWeight : uint8_t { warning, error };
inline constexpr size_t kLogWeights = 2;
enum class LogProcess : uint8_t { dataplane, controlplane, supervisor };
inline constexpr size_t kLogProcesses = 3;
inline constexpr const char* kLogProcessNames[kLogProcesses] = {"dataplane", "controlplane",
                                                                "supervisor"};
using LogLines = std::atomic<uint64_t>[kLogWeights];

struct RuntimePage {
    uint64_t magic;
    std::atomic<uint32_t> worker_count;
    std::atomic<uint32_t> dataplane_pid;
    std::atomic<uint32_t> controlplane_pid;
    std::atomic<uint32_t> supervisor_pid;
    std::atomic<uint64_t> dataplane_starts;
    std::atomic<uint64_t> controlplane_starts;
    std::atomic<uint64_t> reloads;  // of the configuration
    std::atomic<uint64_t> reloads_refused;
    Qsbr qsbr;
    std::atomic<uint32_t> nic_count;
    NicSlot nics[kNicsMax];
    // The socket workers (`worker_count`), then those of each NIC.
    WorkerCounters workers[kWorkersMax];
    PollCounters polls[kWorkersMax];
    StreamCounters streams[kWorkersMax];
    LogLines log_lines[kLogProcesses];
};

// A mapping of the page; the creator keeps the descriptor to hand it on.
class RuntimeMapping {
  public:
    RuntimeMapping() = default;
    RuntimeMapping(RuntimeMapping&& other) noexcept { *this = std::move(other); }
    RuntimeMapping& operator=(RuntimeMapping&& other) noexcept;
    ~RuntimeMapping();

    static Result<RuntimeMapping> create();
    static Result<RuntimeMapping> map(UniqueFd fd);

    RuntimePage* operator->() { return page_; }
    const RuntimePage* operator->() const { return page_; }
    RuntimePage& operator*() { return *page_; }
    int fd() const { return fd_.get(); }
    // After the process with the socket workers died: its readers go offline, so that reclamation
    // never stalls.
    void clear_dataplane();
    // The same after a poll-mode process died.
    void clear_nic(size_t nic);

  private:
    void clear_workers(size_t first, size_t count);

    RuntimePage* page_ = nullptr;
    UniqueFd fd_;
};

}  // namespace gatepost::storage
