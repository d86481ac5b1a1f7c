// A worker's end of its connection to the commit service: frames out and in, over the worker's
// ring.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/reactor/ring.h"
#include "storage/base/unique_fd.h"
#include "storage/delivery/frame.h"

namespace gatepost::dataplane {

class CommitLink final : private Operation {
  public:
    class Receiver {
      public:
        // Gives false for what cannot be understood: the link is then broken.
        virtual bool on_frame(const storage::Frame& frame) = 0;

      protected:
        ~Receiver() = default;
    };

    // `socket` is a stream socket. Before a link is destroyed, it is idle or its ring is gone.
    CommitLink(Ring& ring, UniqueFd socket, Receiver& receiver)
        : ring_(ring), socket_(std::move(socket)), receiver_(receiver) {}

    void begin();  // receives from now on
    // Frames may be put into outbox(), to be sent by send().
    bool can_send() const { return !broken_ && !sending_; }
    std::vector<uint8_t>& outbox() { return out_; }
    void send();
    // The peer went away, or somebody gave up: nothing goes in or out any more.
    bool is_broken() const { return broken_; }
    void give_up();
    // No request of the ring is under way: it may be destroyed.
    bool is_idle() const { return !sending_ && !receiving_; }

  private:
    enum Tag : uint16_t { kSend = 1, kReceive = 2 };

    void complete(const Completion& completion) override;
    void sent(int32_t result);
    void received(int32_t result);
    void start_send();
    void start_receive();

    Ring& ring_;
    UniqueFd socket_;
    Receiver& receiver_;
    storage::FrameReader reader_;
    std::vector<uint8_t> out_;
    size_t out_at_ = 0;  // octets of it that are sent
    bool sending_ = false;
    bool receiving_ = false;
    bool broken_ = false;
};

}  // namespace gatepost::dataplane
