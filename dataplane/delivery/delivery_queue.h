// The messages of a worker whose delivery is not done, and how far each has got:
//
//   fresh  →  ready  →  sent  →  done
//     ↓         ↑         ↓
//   waiting → being read  put off → waiting
//
// Requests are kept in memory while there is room; beyond it, and of messages of earlier processes,
// a SpoolEntry is all that is kept, and the rest is read from the message log when its turn comes.
// Older messages go first (a BlobId rises with time).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "dataplane/delivery/delivery_facts.h"
#include "dataplane/store/message_store.h"
#include "storage/delivery/delivery_frames.h"

namespace gatepost::dataplane {

class DeliveryQueue {
  public:
    // Octets of requests in memory. What comes in may take three quarters of it, so that what was
    // there before always finds room to be read into.
    static constexpr size_t kMemoryMax = size_t{16} << 20;
    static constexpr size_t kFreshMemoryMax = kMemoryMax / 4 * 3;
    static constexpr size_t kSentMax = 256;  // requests without an answer
    // Facts come when the session goes on, that is at once; without them the message is parsed.
    static constexpr uint64_t kFactsWaitMs = 1000;
    static constexpr uint64_t kPutOffMsMin = 15'000;
    static constexpr uint64_t kPutOffMsMax = 15 * 60'000;

    struct Waiting {
        SpoolEntry entry;
        uint32_t attempts = 0;  // that were put off
    };
    struct Request {
        Waiting message;
        std::vector<uint8_t> frame;
    };

    // ---- coming in
    void add_fresh(const SpoolEntry& entry, const storage::Envelope& envelope, uint64_t now_ms);
    // Of a message that was added as fresh before; of others they are not needed.
    void add_facts(const storage::BlobId& id, DeliveryFacts facts);
    void add_waiting(const SpoolEntry& entry) { waiting_.push_back({entry, 0}); }

    // ---- being read
    // The next to be read from the log: nullopt where there is none or no room.
    std::optional<Waiting> take_to_read();
    void read(const Waiting& message, const storage::Envelope& envelope, DeliveryFacts facts);
    void read_failed(const Waiting& message, uint64_t now_ms);

    // ---- being sent
    // The oldest that is ready, with its number set: it is sent from now on, and its frame stays
    // until it is answered. nullptr: none, or too many are without an answer.
    const std::vector<uint8_t>* take_to_send();
    // Done: gives what is to be told to the store. nullopt: there is no such number.
    std::optional<SpoolEntry> answered(uint64_t sequence);
    // Not now: the same.
    std::optional<SpoolEntry> put_off(uint64_t sequence, uint64_t now_ms);
    // What was sent and not answered is ready again; gives how many these are.
    size_t resend();

    // Facts that did not come, and messages whose time has come again. Once a turn.
    void advance(uint64_t now_ms);

    size_t size() const {
        return fresh_.size() + ready_.size() + sent_.size() + waiting_.size() + reading_ +
               put_off_.size();
    }
    size_t sent() const { return sent_.size(); }
    size_t memory() const { return memory_; }
    bool has_ready() const { return !ready_.empty(); }
    // When the oldest message came, in milliseconds since 1970; 0: there is none. Looks at all that
    // are put off.
    uint64_t oldest_unix_ms() const;

  private:
    struct Fresh {
        SpoolEntry entry;
        std::vector<uint8_t> envelope;
        uint64_t since_ms = 0;
    };

    void add_ready(const Waiting& message, std::vector<uint8_t> envelope, DeliveryFacts facts);
    void put_off(const Waiting& message, uint64_t now_ms);

    std::map<storage::BlobId, Fresh> fresh_;  // facts are missing
    std::map<storage::BlobId, Request> ready_;
    std::map<uint64_t, Request> sent_;  // by sequence
    std::deque<Waiting> waiting_;
    std::multimap<uint64_t, Waiting> put_off_;  // by when their time comes, ms
    size_t reading_ = 0;
    size_t memory_ = 0;  // octets of fresh_, ready_, sent_
    uint64_t sequence_ = 0;
};

}  // namespace gatepost::dataplane
