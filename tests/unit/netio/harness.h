// A UDP server and one of streams in a thread of their own, on ports that the kernel chooses, with
// an answerer that sends queries back; and small blocking clients.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "dataplane/dns_stream/dns_stream.h"
#include "dataplane/netio/listen_socket.h"
#include "dataplane/netio/udp_server.h"
#include "dataplane/stream/stream_server.h"
#include "tests/unit/netio/echo_answerer.h"

namespace gatepost::dataplane {

inline constexpr int kPatienceMs = 60'000;  // only a hang lasts so long

struct TestServerOptions {
    DnsStreamOptions dns;
    StreamServerOptions streams;
    StreamListenerOptions listener;  // without a protocol: DNS
};

class TestServer {
  public:
    explicit TestServer(const std::string& address, const TestServerOptions& options = {});
    ~TestServer();

    ListenAddress address() const { return address_; }
    EchoAnswerer& answerer() { return answerer_; }
    storage::WorkerCounters& counters() { return counters_; }
    uint64_t dropped(storage::Drop reason) const {
        return counters_.dropped[static_cast<size_t>(reason)].load();
    }
    storage::StreamCounters& streams() { return streams_; }
    uint64_t ended(storage::StreamEnd how) const { return streams_.ends[static_cast<size_t>(how)]; }
    size_t open() const { return streams_.open; }
    uint64_t turns() const { return turns_; }  // of the server's loop
    int udp_fd() const { return udp_fd_; }
    // The thread holds back before it reaps, so that what is sent meanwhile comes as one burst.
    void hold() { held_ = true; }
    void let_go() { held_ = false; }
    // From the next turn on.
    void drain() { draining_ = true; }
    // Until then the server's clock stands still: a test that the machine holds up meets no
    // deadline.
    void let_time_pass() { time_passes_ = true; }

  private:
    void run();

    ListenAddress address_;
    int udp_fd_ = -1;
    EchoAnswerer answerer_;
    storage::WorkerCounters counters_{};
    storage::StreamCounters streams_{};
    ReplyScratch scratch_;
    DnsStream dns_;
    std::unique_ptr<Ring> ring_;
    std::unique_ptr<UdpServer> udp_;
    std::unique_ptr<StreamServer> server_;
    std::atomic<bool> draining_{false};
    std::atomic<bool> time_passes_{false};
    std::atomic<uint64_t> turns_{0};
    std::atomic<bool> held_{false};
    std::atomic<bool> stop_{false};
    std::atomic<bool> serving_{false};
    std::thread thread_;
};

class Client {
  public:
    // Connects (UDP, too) to that address, from any port, and from `source` where it is given.
    Client(int type, const ListenAddress& server, const char* source = nullptr);

    int fd() const { return fd_.get(); }
    void send(const Message& octets);
    // One datagram; empty after `timeout_ms`.
    Message receive(int timeout_ms = kPatienceMs);
    // TCP: a message with its length in front; a framed read. Empty at the end of the stream.
    void send_framed(const Message& message);
    Message receive_framed(int timeout_ms = kPatienceMs);
    // Whether the server has closed, waiting that long.
    bool is_closed(int timeout_ms = kPatienceMs);
    void close() { fd_.reset(); }

  private:
    UniqueFd fd_;
};

}  // namespace gatepost::dataplane
