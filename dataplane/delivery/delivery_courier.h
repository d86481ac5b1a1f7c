// Brings the messages that a worker has accepted to the control plane, which commits them, and
// tells the store when each is done. A message is sent until it is answered, over whatever
// connection there is: at least once, and the database takes it once.
//
// A worker's own, but for take_connection().
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/delivery/commit_link.h"
#include "dataplane/delivery/delivery_counters.h"
#include "dataplane/delivery/delivery_facts.h"
#include "dataplane/delivery/delivery_queue.h"
#include "dataplane/delivery/segment_keeper.h"
#include "dataplane/store/message_store.h"
#include "storage/base/unique_fd.h"
#include "storage/delivery/delivery_frames.h"

namespace gatepost::dataplane {

class DeliveryCourier final : public SpoolListener, private CommitLink::Receiver {
  public:
    // Messages that are read from the message log at the same time.
    static constexpr size_t kReadersMax = 8;
    // Octets of notes about logins that wait for a connection; what is beyond is dropped.
    static constexpr size_t kNotesMax = size_t{64} << 10;

    // All must outlive it but for the ring, which is gone before it, or has nothing of it under
    // way: is_idle() after stop().
    DeliveryCourier(Ring& ring, FactsMaker& facts, DeliveryCounters& counters)
        : ring_(ring), facts_(facts), counters_(counters) {}
    ~DeliveryCourier();

    // Whose messages these are. Before the first turn.
    void serve(MessageStore& store) { store_ = &store; }
    // Who takes what the control plane wants done with old segments; without one, a connection that
    // asks for it is given up.
    void serve(SegmentKeeper& keeper) { keeper_ = &keeper; }
    // Any thread: the end of a new connection, which takes the place of the one before.
    void take_connection(UniqueFd socket);

    // A message with an envelope waits for its facts.
    void on_spooled(const SpoolEntry& entry, const storage::Envelope* envelope) override;
    // What the session found out about a message, once its commit() has said `ok`.
    void deliver(const storage::BlobId& id, DeliveryFacts facts);
    // Best effort.
    void note(const storage::LoginNote& note);
    void note(const storage::AuthFailure& failure);

    // Once a turn of the worker, after the completions: sends, and starts to read. `now_ms` is of a
    // clock that never goes back.
    void turn(uint64_t now_ms);

    // Nothing is sent or read any more. What is not answered is still in the spool.
    void stop();
    bool is_idle() const;

  private:
    bool on_frame(const storage::Frame& frame) override;
    void on_reply(const storage::DeliveryReply& reply);
    void change_link();
    void send();
    void start_readers();
    Task<> read_back(DeliveryQueue::Waiting message);
    Task<bool> read_body(const SpoolEntry& entry, FactsParser& parser);
    void report();
    template <typename Note>
    void add_note(const Note& note);

    Ring& ring_;
    FactsMaker& facts_;
    DeliveryCounters& counters_;
    MessageStore* store_ = nullptr;
    SegmentKeeper* keeper_ = nullptr;
    DeliveryQueue queue_;
    std::atomic<int> handed_over_{-1};  // a descriptor that take_connection() was given
    std::unique_ptr<CommitLink> link_;
    std::vector<std::unique_ptr<CommitLink>> broken_;  // until the ring has done with them
    std::array<Task<>, kReadersMax> readers_;
    std::vector<uint8_t> notes_;
    uint64_t now_ms_ = 0;
    uint64_t reported_ms_ = 0;
    bool stopped_ = false;
};

}  // namespace gatepost::dataplane
