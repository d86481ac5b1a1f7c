// A worker in poll mode: one thread, pinned to its core, that looks into one queue of a device,
// answers what it finds and sends the replies from the same buffers. It shares nothing mutable with
// any other worker.
//
// Idle. A queue that stays empty is looked at a few times more; then the worker sleeps. While
// queries come thick and fast it sleeps for `idle_us` and finds a burst afterwards; otherwise until
// the device wakes it (AF_XDP), or, with devices that cannot, for steps that grow to
// kIdleStepMaxUs.
#pragma once

#include <array>
#include <memory>

#include "dataplane/port/port.h"
#include "dataplane/worker/frame_pipeline.h"
#include "dataplane/worker/served_image.h"
#include "dataplane/worker/worker_thread.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

struct PollWorkerOptions {
    unsigned index = 0;  // in the runtime page
    int core = -1;       // -1: not pinned
    unsigned queue = 0;  // of the port
    unsigned burst = 32;
    uint32_t idle_us = 50;  // 0: never sleeps
    FramePipelineOptions frames;
    ResponderOptions responder;
};

class PollWorker final : public WorkerThread, public BurstAnswerer {
  public:
    PollWorker(const PollWorkerOptions& options, Port& port, const HostAddresses& host,
               storage::RuntimePage& page, const CurrentImage& current);
    ~PollWorker() override;

    void answer(std::span<Exchange> burst) override;

    // One look into the queue, and everything that follows from it; gives how many frames there
    // were. What the thread does all the time; also for benches, which have none.
    size_t poll();

  private:
    Status begin() override;
    Status turn() override;
    void end(bool orderly) override;
    Status rest();
    void send(std::span<const Packet> replies);
    void look_around(uint64_t now_ns);

    PollWorkerOptions options_;
    Port& port_;
    storage::Qsbr& qsbr_;
    storage::QsbrReader& reader_;
    storage::WorkerCounters& counters_;
    storage::PollCounters& polls_;
    const CurrentImage& current_;
    Responder responder_;
    FramePipeline pipeline_;
    std::array<Packet, kPacketBurstMax> packets_;

    uint64_t polls_count_ = 0;  // written to the page now and then: an empty look costs nothing
    uint64_t polls_empty_ = 0;
    uint64_t bursts_ = 0;
    unsigned empty_in_a_row_ = 0;
    uint32_t idle_step_us_ = 0;
    uint64_t window_begin_ns_ = 0;  // of what tells thick and fast from now and then
    uint64_t window_frames_ = 0;
    bool busy_ = false;
    uint64_t looked_around_ns_ = 0;
};

}  // namespace gatepost::dataplane
