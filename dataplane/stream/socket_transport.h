// A TCP connection on the worker's ring: one multishot receive into the worker's provided buffers,
// one send at a time, closing by the ring as well.
#pragma once

#include <array>

#include "dataplane/reactor/buffer_ring.h"
#include "dataplane/reactor/ring.h"
#include "dataplane/stream/transport.h"
#include "storage/arena/stream_counters.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

// What the sockets of a worker have in common.
struct SocketHost {
    Ring& ring;
    BufferRing& buffers;  // to be published by the worker after each reap
    storage::StreamCounters& counters;
};

class SocketTransport final : public StreamTransport, private Operation {
  public:
    explicit SocketTransport(SocketHost& host) : host_(host) {}

    void open(UniqueFd fd, TransportUser& user);
    int fd() const { return fd_.get(); }

    void start_receive() override;
    void stop_receive() override;
    void send(std::span<const iovec> octets) override;
    void shutdown_write() override;
    void close() override;

  private:
    enum Tag : uint16_t { kReceive, kSend, kIgnored, kClose };

    void complete(const Completion& completion) override;
    void on_receive(const Completion& completion);
    void arm();
    void cancel_receive();
    void finish_close();

    SocketHost& host_;
    TransportUser* user_ = nullptr;
    UniqueFd fd_;
    msghdr message_{};
    std::array<iovec, kSendPartsMax> parts_;
    bool wanted_ = false;      // the user wants what comes
    bool armed_ = false;       // a receive is under way
    bool cancelling_ = false;  // and is to end
    bool sending_ = false;
    bool ended_ = false;
    bool closing_ = false;
};

}  // namespace gatepost::dataplane
