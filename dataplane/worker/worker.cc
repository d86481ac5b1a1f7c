#include "dataplane/worker/worker.h"

#include <pthread.h>
#include <time.h>

#include <cerrno>
#include <cstring>

namespace gatepost::dataplane {

namespace {

// All that the servers need. Nothing here opens, connects or runs anything.
constexpr uint8_t kRingOperations[] = {
    IORING_OP_RECVMSG, IORING_OP_SENDMSG,      IORING_OP_ACCEPT, IORING_OP_RECV,
    IORING_OP_SEND,    IORING_OP_ASYNC_CANCEL, IORING_OP_CLOSE,
};

constexpr uint64_t kTurnNs =
    100'000'000;  // the longest wait: counters, timers and stop() look on after it

// When a turn brought this many queries, the next ones are close behind: a short wait for a larger
// burst saves most of the wake-ups, as a network card's interrupt moderation does. Fewer: each
// query is answered at once. More: the worker is behind, and must not wait at all.
constexpr uint64_t kGatherQueriesMin = 8;
constexpr uint64_t kGatherQueriesMax = 4 * kBurstMax;
constexpr unsigned kGatherCompletions = 1024;  // more than a gathering brings: the time ends it

uint64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

Status pin_to_core(int core) {
    if (core < 0) return {};
    if (core >= CPU_SETSIZE)
        return fail(ErrorCode::usage, "core {} is beyond {}", core, CPU_SETSIZE - 1);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(core), &one);
    int error = ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
    if (error != 0)
        return fail(ErrorCode::usage,
                    "pinning a worker to core {}: {}; 'nproc --all' tells how many there are", core,
                    std::strerror(error));
    return {};
}

}  // namespace

Result<std::unique_ptr<Worker>> Worker::create(const WorkerOptions& options, WorkerSockets sockets,
                                               storage::RuntimePage& page,
                                               const CurrentImage& current) {
    GATEPOST_CHECK(options.index < storage::kWorkersMax);
    std::unique_ptr<Worker> worker(new Worker(options, page, current));
    if (Status made = worker->make_servers(std::move(sockets)); !made)
        return tl::unexpected(made.error());
    return worker;
}

Status Worker::make_servers(WorkerSockets sockets) {
    auto ring = Ring::create({.operations = kRingOperations});
    if (!ring) return tl::unexpected(ring.error());
    ring_ = std::move(*ring);
    auto udp = UdpServer::create(*ring_, *this, counters_, std::move(sockets.udp), options_.udp);
    if (!udp) return tl::unexpected(udp.error());
    udp_ = std::move(*udp);
    auto tcp = TcpServer::create(*ring_, *this, counters_, std::move(sockets.tcp), options_.tcp);
    if (!tcp) return tl::unexpected(tcp.error());
    tcp_ = std::move(*tcp);
    return {};
}

Worker::~Worker() {
    stop();
    ring_.reset();  // first: its requests name buffers of the servers
}

void Worker::start() {
    thread_ = std::thread([this] { run(); });
}

void Worker::stop() {
    stop_.store(true, std::memory_order_relaxed);
    if (thread_.joinable()) thread_.join();
}

Status Worker::begin() {
    ::pthread_setname_np(::pthread_self(), fmt::format("worker-{}", options_.index).c_str());
    if (Status pinned = pin_to_core(options_.core); !pinned) return pinned;
    if (Status enabled = ring_->enable(); !enabled) return enabled;
    tcp_->set_time(now_ns() / 1'000'000);
    udp_->start();
    tcp_->start();
    ring_->submit();
    return {};
}

void Worker::run() {
    Status status = begin();
    if (status) state_.store(State::serving, std::memory_order_release);
    uint64_t queries = 0;
    while (status && !stop_.load(std::memory_order_relaxed)) {
        status = wait(queries);
        if (status) queries = take_turn();
    }
    reader_.offline();
    if (!status) {
        error_ = wrap(fmt::format("worker {}", options_.index), status.error()).value();
        state_.store(State::failed, std::memory_order_release);
        return;
    }
    ring_->submit();
}

Status Worker::wait(uint64_t queries_of_last_turn) {
    bool gather = options_.gather_us != 0 && queries_of_last_turn >= kGatherQueriesMin &&
                  queries_of_last_turn < kGatherQueriesMax;
    return gather ? ring_->submit_and_wait(kGatherCompletions, options_.gather_us * uint64_t{1000})
                  : ring_->submit_and_wait(1, kTurnNs);
}

// From one wait to the next; gives how many queries it brought.
uint64_t Worker::take_turn() {
    uint64_t before = udp_->received() + tcp_->received();
    uint64_t now = now_ns();
    counters_.heartbeat_ns.store(now, std::memory_order_relaxed);
    reader_.online(qsbr_.epoch);
    const ServedImage* served = current_.load(std::memory_order_acquire);
    counters_.arena_generation.store(served == nullptr ? 0 : served->generation,
                                     std::memory_order_relaxed);
    udp_->settle();
    tcp_->set_time(now / 1'000'000);
    ring_->reap();
    udp_->finish_burst();
    tcp_->finish_burst();
    // No reference into any image is held from here on.
    turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    reader_.offline();
    return udp_->received() + tcp_->received() - before;
}

void Worker::answer(std::span<Exchange> burst) {
    const ServedImage* served = current_.load(std::memory_order_acquire);
    responder_.answer_burst(served == nullptr ? nullptr : &served->image, burst, counters_);
}

}  // namespace gatepost::dataplane
