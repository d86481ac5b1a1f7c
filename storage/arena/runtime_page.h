// The one small page that processes share read-write: QSBR readers, the workers' counters, and
// which arena each worker answers from. The supervisor creates it, hands it to the control plane
// and the dataplane, and clears a dead dataplane's part of it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "storage/arena/qsbr.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::storage {

inline constexpr uint64_t kRuntimePageMagic = 0x3176544e55525047;  // "GPRUNTv1"
inline constexpr size_t kWorkersMax = kQsbrReadersMax - 1;
inline constexpr size_t kCopierReader =
    kQsbrReadersMax - 1;  // the control plane's background copier

inline constexpr size_t kTransports = 2;  // UDP, TCP
inline constexpr size_t kFamilies = 2;    // IPv4, IPv6
inline constexpr size_t kRcodes = 24;     // 0..23; BADVERS is 16
inline constexpr size_t kDropReasons = 16;

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
};

// Written by one worker only; read by anyone. Relaxed loads and stores: no read-modify-write.
struct alignas(kCacheLine) WorkerCounters {
    std::atomic<uint64_t> queries[kTransports][kFamilies];
    std::atomic<uint64_t> rcodes[kRcodes];
    std::atomic<uint64_t> truncated;
    std::atomic<uint64_t> dropped[kDropReasons];
    std::atomic<uint64_t> bursts;
    std::atomic<uint64_t> tcp_connections;        // open now
    std::atomic<uint64_t> tcp_connections_total;  // accepted since start
    std::atomic<uint64_t> arena_generation;       // what this worker answers from; 0: nothing yet
    std::atomic<uint64_t> heartbeat_ns;           // CLOCK_MONOTONIC at the last loop

    static void add(std::atomic<uint64_t>& counter, uint64_t count) {
        counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    }
};

struct RuntimePage {
    uint64_t magic;
    std::atomic<uint32_t> worker_count;
    std::atomic<uint32_t> dataplane_pid;
    std::atomic<uint32_t> controlplane_pid;
    std::atomic<uint32_t> supervisor_pid;
    std::atomic<uint64_t> dataplane_starts;
    std::atomic<uint64_t> controlplane_starts;
    Qsbr qsbr;
    WorkerCounters workers[kWorkersMax];
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
    // After the dataplane died: its readers go offline, so that reclamation never stalls.
    void clear_dataplane();

  private:
    RuntimePage* page_ = nullptr;
    UniqueFd fd_;
};

}  // namespace gatepost::storage
