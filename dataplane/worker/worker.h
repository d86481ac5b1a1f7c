// A worker of the kernel's sockets: one thread that owns everything it uses (ring, sockets,
// buffers, counters) and shares nothing mutable with any other. It is an online QSBR reader while
// it answers and offline while it waits.
#pragma once

#include <memory>
#include <vector>

#include "dataplane/netio/tcp_server.h"
#include "dataplane/netio/udp_server.h"
#include "dataplane/worker/served_image.h"
#include "dataplane/worker/worker_thread.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

struct WorkerOptions {
    unsigned index = 0;
    int core = -1;  // -1: not pinned
    // How long the worker may gather a burst while queries come thick and fast; 0: answers at once
    // always.
    uint32_t gather_us = 50;
    UdpServerOptions udp;
    TcpServerOptions tcp;
    ResponderOptions responder;
};

struct WorkerSockets {
    std::vector<UniqueFd> udp;
    std::vector<UniqueFd> tcp;
};

class Worker final : public WorkerThread, public BurstAnswerer {
  public:
    static Result<std::unique_ptr<Worker>> create(const WorkerOptions& options,
                                                  WorkerSockets sockets, storage::RuntimePage& page,
                                                  const CurrentImage& current);
    ~Worker() override;

    void answer(std::span<Exchange> burst) override;

  private:
    Worker(const WorkerOptions& options, storage::RuntimePage& page, const CurrentImage& current)
        : WorkerThread(fmt::format("worker-{}", options.index), options.core),
          options_(options),
          qsbr_(page.qsbr),
          reader_(page.qsbr.readers[options.index]),
          counters_(page.workers[options.index]),
          current_(current),
          responder_(options.responder) {}
    Status make_servers(WorkerSockets sockets);
    Status begin() override;
    Status turn() override;
    void end(bool orderly) override;
    Status wait();
    uint64_t take_turn();

    WorkerOptions options_;
    storage::Qsbr& qsbr_;
    storage::QsbrReader& reader_;
    storage::WorkerCounters& counters_;
    const CurrentImage& current_;
    Responder responder_;
    std::unique_ptr<Ring> ring_;
    std::unique_ptr<UdpServer> udp_;
    std::unique_ptr<TcpServer> tcp_;
    uint64_t queries_of_last_turn_ = 0;
};

}  // namespace gatepost::dataplane
