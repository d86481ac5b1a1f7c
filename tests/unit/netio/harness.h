// A UDP and a TCP server in a thread of their own, on ports that the kernel chooses, with an
// answerer that sends queries back; and small blocking clients.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/netio/listen_socket.h"
#include "dataplane/netio/tcp_server.h"
#include "dataplane/netio/udp_server.h"

namespace gatepost::dataplane {

using Message = std::vector<uint8_t>;

// A query with the id whose first label is `label`; the answerer obeys labels:
//   "drop"  no reply;   "padN"  a reply of N octets;   "who"  the query, with QR set, and the
//   client's address;   anything else  the query, with QR set
Message make_query(uint16_t id, const std::string& label);
uint16_t id_of(const Message& message);

class EchoAnswerer final : public BurstAnswerer {
  public:
    void answer(std::span<Exchange> burst) override;
    std::atomic<uint64_t> queries{0};
    std::atomic<uint64_t> bursts{0};
    std::atomic<uint64_t> burst_max{0};
    // Heap allocations between bursts, of the server's thread.
    std::atomic<uint64_t> allocations{0};
};

// Allocations of the calling thread so far.
uint64_t allocations_of_thread();

class TestServer {
  public:
    explicit TestServer(const std::string& address, TcpServerOptions options = {});
    ~TestServer();

    ListenAddress address() const { return address_; }
    EchoAnswerer& answerer() { return answerer_; }
    storage::WorkerCounters& counters() { return counters_; }
    uint64_t dropped(storage::Drop reason) const {
        return counters_.dropped[static_cast<size_t>(reason)].load();
    }
    int udp_fd() const { return udp_fd_; }
    // The thread holds back before it reaps, so that what is sent meanwhile comes as one burst.
    void hold() { held_ = true; }
    void let_go() { held_ = false; }

  private:
    void run();

    ListenAddress address_;
    int udp_fd_ = -1;
    EchoAnswerer answerer_;
    storage::WorkerCounters counters_{};
    std::unique_ptr<Ring> ring_;
    std::unique_ptr<UdpServer> udp_;
    std::unique_ptr<TcpServer> tcp_;
    std::atomic<bool> held_{false};
    std::atomic<bool> stop_{false};
    std::atomic<bool> serving_{false};
    std::thread thread_;
};

class Client {
  public:
    // Connects (UDP, too) from any port to that address.
    Client(int type, const ListenAddress& server);

    int fd() const { return fd_.get(); }
    void send(const Message& octets);
    // One datagram; empty after `timeout_ms`.
    Message receive(int timeout_ms = 5000);
    // TCP: a message with its length in front; a framed read. Empty at the end of the stream.
    void send_framed(const Message& message);
    Message receive_framed(int timeout_ms = 5000);
    // Whether the server has closed, waiting that long.
    bool is_closed(int timeout_ms = 5000);

  private:
    UniqueFd fd_;
};

Message framed(const Message& message);

}  // namespace gatepost::dataplane
