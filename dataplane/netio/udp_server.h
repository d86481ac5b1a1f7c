// DNS over UDP on the sockets of one worker: multishot receives into provided buffers, answers in
// bursts of up to kBurstMax in the very buffers the queries came in, sends, recycles.
//
// A worker's loop drives it:   ring.submit_and_wait → settle() → ring.reap() → finish_burst()
//
// Sends are submitted together with the next wait. They carry MSG_DONTWAIT, so each is over (sent
// or failed) when the submission returns, and settle() may give the buffers back; success makes no
// completion.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "dataplane/dns/answerer.h"
#include "dataplane/netio/udp_reply.h"
#include "dataplane/reactor/buffer_ring.h"
#include "dataplane/reactor/ring.h"
#include "storage/arena/runtime_page.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

inline constexpr size_t kUdpSocketsMax = 256;  // of one worker

struct UdpServerOptions {
    uint16_t buffer_count = 512;  // a power of two, at least 4 × kBurstMax
    uint16_t buffer_group = 0;    // its name in the ring
};

class UdpServer {
  public:
    // Everything the server will ever allocate. The ring is not enabled yet.
    static Result<std::unique_ptr<UdpServer>> create(Ring& ring, BurstAnswerer& answerer,
                                                     storage::WorkerCounters& counters,
                                                     std::vector<UniqueFd> sockets,
                                                     const UdpServerOptions& options = {});

    // Begins to receive. From here on in the ring's thread.
    void start();
    // After each submission: what was sent is done with.
    void settle();
    // After each reap: answers what it brought, arms receives that ended.
    void finish_burst();

    // Queries received since start.
    uint64_t received() const { return received_; }

  private:
    struct Socket final : Operation {
        void complete(const Completion& completion) override {
            server->on_receive(*this, completion);
        }
        UdpServer* server = nullptr;
        UniqueFd fd;
        msghdr layout{};  // of what a receive leaves in a buffer
        uint16_t index = 0;
        Family family = Family::ipv4;
        bool wildcard = false;
        bool armed = false;
    };
    struct SendFailure final : Operation {
        explicit SendFailure(UdpServer& owner) : server(owner) {}
        void complete(const Completion& completion) override { server.on_send_failure(completion); }
        UdpServer& server;
    };
    struct Received {
        Socket* socket;
        uint32_t octets;  // header, address and control data included
        uint16_t buffer;
    };

    UdpServer(Ring& ring, BurstAnswerer& answerer, storage::WorkerCounters& counters)
        : ring_(ring), answerer_(answerer), counters_(counters), send_failure_(*this) {}
    Status add_socket(UniqueFd fd);
    void arm(Socket& socket);
    void on_receive(Socket& socket, const Completion& completion);
    void on_send_failure(const Completion& completion);
    void answer();
    void send();
    bool open_query(const Received& received, Exchange& exchange, UdpPath& path);
    void count_drop(storage::Drop reason, uint64_t count = 1);

    Ring& ring_;
    BurstAnswerer& answerer_;
    storage::WorkerCounters& counters_;
    SendFailure send_failure_;
    BufferRing buffers_;
    std::vector<std::unique_ptr<Socket>> sockets_;
    std::array<bool, kUdpSocketsMax> segments_{};  // whether UDP_SEGMENT works on a socket
    uint64_t received_ = 0;
    bool unarmed_ = false;

    size_t pending_ = 0;  // received, to be answered
    std::array<Received, kBurstMax> burst_;
    std::array<Exchange, kBurstMax> exchanges_;
    std::array<UdpPath, kBurstMax> paths_;
    size_t sending_ = 0;  // buffers whose replies wait for a submission
    std::array<uint16_t, kBurstMax> sending_buffers_;
    UdpReplies replies_;
};

}  // namespace gatepost::dataplane
