// A worker of the kernel's sockets: one thread that owns everything it uses (ring, sockets,
// buffers, counters) and shares nothing mutable with any other. It is an online QSBR reader while
// it answers and offline while it waits.
#pragma once

#include <memory>
#include <vector>

#include "dataplane/netio/udp_server.h"
#include "dataplane/worker/image_source.h"
#include "dataplane/worker/stream_services.h"
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
    StreamServicesOptions streams;
    ResponderOptions responder;
};

struct WorkerSockets {
    std::vector<UniqueFd> udp;
    std::vector<StreamSocket> streams;
};

class Worker final : public WorkerThread, public BurstAnswerer {
  public:
    static Result<std::unique_ptr<Worker>> create(const WorkerOptions& options,
                                                  WorkerSockets sockets, storage::RuntimePage& page,
                                                  const ImageSource& images, TlsShared& tls,
                                                  MailShared* mail);
    ~Worker() override;

    void answer(std::span<Exchange> burst) override;

    // Any thread: connections are accepted no more, and each ends when what is under way on it is
    // done. Queries over UDP are answered until stop().
    void drain() { draining_.store(true, std::memory_order_relaxed); }
    // Any thread: its connections to the control plane, over which deliveries are committed, and
    // mailboxes asked for and changed.
    void take_commit_connection(UniqueFd socket);
    void take_mailbox_connection(UniqueFd socket);
    // Any thread: connections that are left.
    uint64_t open_connections() const { return streams_counters_.open; }

  private:
    Worker(const WorkerOptions& options, storage::RuntimePage& page, const ImageSource& images)
        : WorkerThread(fmt::format("worker-{}", options.index), options.core),
          options_(options),
          page_(page),
          qsbr_(page.qsbr),
          reader_(page.qsbr.readers[options.index]),
          counters_(page.workers[options.index]),
          streams_counters_(page.streams[options.index]),
          current_(images.current()),
          directory_(images.directory()),
          mailboxes_(images.mailboxes()),
          responder_(options.responder) {}
    Status make_servers(WorkerSockets sockets, TlsShared& tls, MailShared* mail);
    Status begin() override;
    Status turn() override;
    void end(bool orderly) override;
    Status wait();
    uint64_t take_turn();

    WorkerOptions options_;
    const storage::RuntimePage& page_;
    storage::Qsbr& qsbr_;
    storage::QsbrReader& reader_;
    storage::WorkerCounters& counters_;
    storage::StreamCounters& streams_counters_;
    const CurrentImage& current_;
    const CurrentDirectory& directory_;
    const CurrentMailboxes& mailboxes_;
    Responder responder_;
    std::unique_ptr<Ring> ring_;
    std::unique_ptr<UdpServer> udp_;
    std::unique_ptr<StreamServices> streams_;
    std::atomic<bool> draining_{false};
    uint64_t queries_of_last_turn_ = 0;
};

}  // namespace gatepost::dataplane
