// DNS over TCP (RFC 7766) on the sockets of one worker: connections up to a limit, each in its
// place of a pool made at the start, their queries answered together in bursts of up to kBurstMax.
//
// A worker's loop drives it:   ring.submit_and_wait → set_time() → ring.reap() → finish_burst()
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "dataplane/netio/answerer.h"
#include "dataplane/netio/tcp_connection.h"
#include "dataplane/reactor/ring.h"
#include "storage/arena/runtime_page.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

struct TcpServerOptions {
    uint32_t connections_max = 1024;
    uint32_t idle_ms = 10'000;  // RFC 7766 §6.2.3: in the order of seconds
    uint32_t frame_ms = 5'000;  // from a message's first octet to its last
};

class TcpServer {
  public:
    // Everything the server will ever allocate. The ring is not enabled yet.
    static Result<std::unique_ptr<TcpServer>> create(Ring& ring, BurstAnswerer& answerer,
                                                     storage::WorkerCounters& counters,
                                                     std::vector<UniqueFd> sockets,
                                                     const TcpServerOptions& options = {});
    ~TcpServer();
    TcpServer(const TcpServer&) = delete;
    TcpServer& operator=(const TcpServer&) = delete;

    // Begins to accept. From here on in the ring's thread.
    void start();
    // The time of this turn of the loop; every kTimerMs, connections that kept us waiting are
    // closed.
    void set_time(uint64_t now_ms);
    // After each reap: answers what it brought, arms accepts that ended.
    void finish_burst();

    uint64_t received() const { return received_; }  // queries since start
    size_t open_connections() const { return connections_max_ - free_.size(); }

    // For connections.
    Ring& ring() { return ring_; }
    uint64_t now_ms() const { return now_ms_; }
    bool burst_is_full() const { return pending_ == kBurstMax; }
    void enqueue(TcpConnection& connection, size_t frame_offset);
    void flush();
    void release(TcpConnection& connection);
    void close_descriptor(UniqueFd fd);
    void count_drop(storage::Drop reason);

  private:
    struct Listener final : Operation {
        void complete(const Completion& completion) override {
            server->on_accept(*this, completion);
        }
        TcpServer* server = nullptr;
        UniqueFd fd;
        Family family = Family::ipv4;
        bool armed = false;
    };
    struct Ignored final : Operation {
        void complete(const Completion&) override {}
    };
    struct Query {
        TcpConnection* connection;
        size_t frame_offset;
    };

    TcpServer(Ring& ring, BurstAnswerer& answerer, storage::WorkerCounters& counters,
              const TcpServerOptions& options)
        : ring_(ring),
          answerer_(answerer),
          counters_(counters),
          options_(options),
          connections_max_(options.connections_max) {}
    Status add_socket(UniqueFd fd);
    Status make_pool();
    void arm(Listener& listener);
    void arm_all();
    void on_accept(Listener& listener, const Completion& completion);
    uint64_t idle_ms_now() const;

    Ring& ring_;
    BurstAnswerer& answerer_;
    storage::WorkerCounters& counters_;
    TcpServerOptions options_;
    size_t connections_max_;
    Ignored ignored_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    uint64_t received_ = 0;
    uint64_t now_ms_ = 0;
    uint64_t timer_ms_ = 0;  // last look at the connections
    bool unarmed_ = false;
    bool short_of_descriptors_ = false;  // the system, at the last accept

    uint8_t* pool_ = nullptr;  // connections' areas, then the replies of a burst
    size_t pool_size_ = 0;     // octets
    uint8_t* replies_ = nullptr;
    std::unique_ptr<TcpConnection[]> connections_;
    std::vector<TcpConnection*> free_;  // last out first in: its memory is warm

    size_t pending_ = 0;  // taken, to be answered
    std::array<Query, kBurstMax> burst_;
    std::array<Exchange, kBurstMax> exchanges_;
};

}  // namespace gatepost::dataplane
