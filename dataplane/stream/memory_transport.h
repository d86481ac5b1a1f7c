// A transport in memory, for tests, transcripts and fuzzers: what arrives is put in by arrive(),
// what was sent comes out of take_sent(). Nothing happens but in run(), so that every order of
// events can be played, and faults can be put anywhere.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "dataplane/stream/transport.h"

namespace gatepost::dataplane {

class MemoryTransport final : public StreamTransport {
  public:
    void attach(TransportUser& user) { user_ = &user; }

    // ---- the peer's side
    void arrive(std::string_view octets) { arriving_.append(octets); }
    void arrive_end() { end_ = true; }  // after what has arrived
    void arrive_error(int error) { end_ = true, end_error_ = error; }
    // What has been sent since the last call.
    std::string take_sent() { return std::exchange(sent_, {}); }
    bool has_shut_down() const { return shut_down_; }
    bool is_closed() const { return closed_; }

    // ---- faults
    size_t receive_max = 65'536;           // octets at a time
    size_t send_max = SIZE_MAX;            // octets at a time
    bool send_blocked = false;             // the peer does not read
    size_t send_fails_after = SIZE_MAX;    // octets; then EPIPE
    size_t events_until_reset = SIZE_MAX;  // then ECONNRESET in both directions

    // Lets everything happen that can; gives the number of events.
    size_t run();

    // ---- StreamTransport
    void start_receive() override { receiving_ = true; }
    void stop_receive() override { receiving_ = false; }
    void send(std::span<const iovec> octets) override;
    void shutdown_write() override { shut_down_ = true; }
    void close() override { closing_ = true; }

  private:
    bool step();
    bool finish_send();
    bool receive();

    TransportUser* user_ = nullptr;
    std::string arriving_;
    std::string sending_;
    std::string sent_;
    size_t sent_total_ = 0;
    size_t events_ = 0;
    int end_error_ = 0;
    bool send_under_way_ = false;
    bool receiving_ = false;
    bool end_ = false;
    bool end_told_ = false;
    bool shut_down_ = false;
    bool closing_ = false;
    bool closed_ = false;
};

}  // namespace gatepost::dataplane
