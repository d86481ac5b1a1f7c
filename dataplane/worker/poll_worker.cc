#include "dataplane/worker/poll_worker.h"

#include <sys/prctl.h>
#include <x86intrin.h>

#include <algorithm>

#include "dataplane/port/dpdk.h"
#include "dataplane/worker/burst_time.h"

namespace gatepost::dataplane {

namespace {

using storage::PollStage;
using storage::WorkerCounters;

constexpr unsigned kEmptyLooks = 32;  // before the first sleep: about a microsecond
constexpr uint32_t kWakeTimeoutUs =
    50'000;                               // of waiting for a device: stop() is looked at after it
constexpr uint32_t kIdleStepMaxUs = 250;  // without a wake-up: a query's latency at worst
constexpr uint64_t kWindowNs = 1'000'000;
constexpr uint64_t kBusyFrames = 20;     // in a window: waking up for each one would cost more
constexpr uint64_t kSampledBursts = 64;  // one of so many is measured
constexpr uint64_t kLookAroundNs = 100'000'000;
constexpr unsigned long kTimerSlackNs = 1000;  // the default of 50 us would double every sleep
constexpr unsigned kSendTries = 16;
constexpr unsigned kDrainEmptyLooks = 4;
// A device that cannot be diverted (af_packet, a whole PCI device) may go on bringing frames for
// ever: more than its ring could hold are not those from before.
constexpr unsigned kDrainLooksMax = 2048;

}  // namespace

PollWorker::PollWorker(const PollWorkerOptions& options, Port& port, const HostAddresses& host,
                       storage::RuntimePage& page, const CurrentImage& current)
    : WorkerThread(fmt::format("poll-{}", options.queue), options.core),
      options_(options),
      port_(port),
      qsbr_(page.qsbr),
      reader_(page.qsbr.readers[options.index]),
      counters_(page.workers[options.index]),
      polls_(page.polls[options.index]),
      current_(current),
      responder_(options.responder),
      pipeline_(options.frames, host, *this, counters_, polls_) {}

PollWorker::~PollWorker() {
    stop();
}

Status PollWorker::begin() {
    ::prctl(PR_SET_TIMERSLACK, kTimerSlackNs);
    return enter_dpdk_thread();
}

void PollWorker::answer(std::span<Exchange> burst) {
    const ServedImage* served = current_.load(std::memory_order_acquire);
    responder_.answer_burst(served == nullptr ? nullptr : &served->image, burst, burst_time(),
                            counters_);
}

size_t PollWorker::poll() {
    bool sample = bursts_ % kSampledBursts == 0;
    uint64_t begin = sample ? __rdtsc() : 0;
    size_t count = port_.receive(options_.queue, std::span(packets_.data(), options_.burst));
    ++polls_count_;
    if (count == 0) {
        ++polls_empty_;
        return 0;
    }
    if (sample)
        WorkerCounters::add(polls_.stage_cycles[static_cast<size_t>(PollStage::receive)],
                            __rdtsc() - begin);
    ++bursts_;
    std::span<Packet> packets(packets_.data(), count);
    reader_.online(qsbr_.epoch);
    size_t replies = pipeline_.process(packets, sample);
    // No reference into any image is held from here on.
    count_turn();
    reader_.offline();
    begin = sample ? __rdtsc() : 0;
    send(packets.first(replies));
    Port::release(packets.subspan(replies));
    if (sample)
        WorkerCounters::add(polls_.stage_cycles[static_cast<size_t>(PollStage::transmit)],
                            __rdtsc() - begin);
    return count;
}

void PollWorker::send(std::span<const Packet> replies) {
    uint64_t octets = 0;
    for (const Packet& packet : replies) octets += packet.length;
    WorkerCounters::add(polls_.frames_sent, replies.size());
    WorkerCounters::add(polls_.octets_sent, octets);
    for (unsigned tries = 0; !replies.empty() && tries < kSendTries; ++tries)
        replies = replies.subspan(port_.transmit(options_.queue, replies));
    if (replies.empty()) return;
    WorkerCounters::add(counters_.dropped[static_cast<size_t>(storage::Drop::transmit_full)],
                        replies.size());
    Port::release(replies);
}

Status PollWorker::turn() {
    size_t count = poll();
    if (count != 0) {
        window_frames_ += count;
        empty_in_a_row_ = 0;
        idle_step_us_ = options_.idle_us;
        if (bursts_ % kSampledBursts == 0) look_around(monotonic_ns());
        return {};
    }
    if (++empty_in_a_row_ < kEmptyLooks) {
        _mm_pause();
        return {};
    }
    empty_in_a_row_ = 0;
    return rest();
}

// Tells how it is going, and looks for a new image even where no query comes.
void PollWorker::look_around(uint64_t now) {
    if (now - window_begin_ns_ >= kWindowNs) {
        busy_ = window_frames_ * kWindowNs >= kBusyFrames * (now - window_begin_ns_);
        window_begin_ns_ = now;
        window_frames_ = 0;
    }
    if (now - looked_around_ns_ < kLookAroundNs) return;
    looked_around_ns_ = now;
    counters_.heartbeat_ns.store(now, std::memory_order_relaxed);
    const ServedImage* served = current_.load(std::memory_order_acquire);
    counters_.arena_generation.store(served == nullptr ? 0 : served->generation,
                                     std::memory_order_relaxed);
    polls_.polls.store(polls_count_, std::memory_order_relaxed);
    polls_.polls_empty.store(polls_empty_, std::memory_order_relaxed);
    if (options_.queue == 0)
        polls_.device_missed.store(port_.stats().missed, std::memory_order_relaxed);
}

Status PollWorker::rest() {
    count_turn();
    look_around(monotonic_ns());
    if (options_.idle_us == 0) return {};
    WorkerCounters::add(polls_.sleeps, 1);
    PortEvent event = PortEvent::maybe;
    if (busy_) {
        Port::sleep(options_.idle_us);
    } else if (port_.wakes(options_.queue)) {
        event = port_.wait(options_.queue, kWakeTimeoutUs);
    } else {
        Port::sleep(idle_step_us_);
        idle_step_us_ = std::min(idle_step_us_ * 2, std::max(kIdleStepMaxUs, options_.idle_us));
    }
    if (event == PortEvent::gone)
        return fail(ErrorCode::refused,
                    "the network interface is gone; the kernel's sockets answer meanwhile");
    return {};
}

void PollWorker::end(bool orderly) {
    // What came before the queue was diverted.
    unsigned empty = 0;
    for (unsigned looks = 0; orderly && empty < kDrainEmptyLooks && looks < kDrainLooksMax; ++looks)
        empty = poll() == 0 ? empty + 1 : 0;
    reader_.offline();
    leave_dpdk_thread();
}

}  // namespace gatepost::dataplane
