// A worker's delivery without the rest of the worker: a message store in memory, a control plane
// that does what a test tells it to, and the turns of the loop.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dataplane/delivery/delivery_courier.h"
#include "storage/delivery/delivery_frames.h"

namespace gatepost::tests {

using storage::BlobId;

// Bodies and envelopes of messages, which stay until they are done.
class MemoryStore final : public dataplane::MessageStore {
  public:
    struct Message {
        dataplane::SpoolEntry entry;
        storage::Envelope envelope;
        std::string body;
    };

    // As if a session had put it there.
    const Message& add(const std::string& body, std::vector<storage::EnvelopeRecipient> recipients);

    std::unique_ptr<dataplane::IncomingMessage> begin() override { return nullptr; }
    void done(const dataplane::SpoolEntry& entry) override;
    dataplane::Task<Result<storage::Envelope>> read_envelope(
        const dataplane::SpoolEntry& entry) override;
    dataplane::Task<int64_t> read_body(const storage::BodyLocation& body, uint64_t offset,
                                       std::span<uint8_t> room) override;

    std::map<BlobId, Message> messages;  // whose delivery is not done
    std::map<BlobId, int> done_count;
    int reads = 0;
    int reads_to_fail = 0;

  private:
    storage::BlobIdSource ids_;
    int64_t now_ms_ = 1'700'000'000'000;
    uint64_t offset_ = 0;
};

// Facts of a message: its body is its subject, and its length the summary.
dataplane::DeliveryFacts facts_of(const std::string& body);
class TestFacts final : public dataplane::FactsMaker {
  public:
    std::unique_ptr<dataplane::FactsParser> begin() override;
};

class DeliveryRig {
  public:
    DeliveryRig();
    ~DeliveryRig();

    // A message that a session has put into the store.
    const MemoryStore::Message& accept(const std::string& body,
                                       std::vector<storage::EnvelopeRecipient> recipients = {});
    // The same without its facts.
    const MemoryStore::Message& accept_without_facts(const std::string& body);
    // A message of an earlier process.
    void find(const MemoryStore::Message& message) { courier->on_spooled(message.entry, nullptr); }
    // Hands one end of a new connection over; gives the other one, which does not block.
    UniqueFd connect();
    // A turn of the worker's loop, which waits for nothing, `ms` after the one before.
    void turn(uint64_t ms = 1);

    std::unique_ptr<dataplane::Ring> ring;
    MemoryStore store;
    TestFacts facts;
    dataplane::DeliveryCounters counters;
    std::unique_ptr<dataplane::DeliveryCourier> courier;
    uint64_t now_ms = 1'000'000;
};

// The other end of a connection.
class FakeControlPlane {
  public:
    explicit FakeControlPlane(UniqueFd socket) : socket_(std::move(socket)) {}

    // Requests that have come, at most `octets_max` octets of the stream.
    std::vector<storage::DeliveryRequest> receive(size_t octets_max = SIZE_MAX);
    std::vector<storage::LoginNote> logins;
    std::vector<storage::AuthFailure> failures;
    // `octets_max` of the answer are sent.
    void answer(uint64_t sequence, storage::DeliveryOutcome outcome, std::string reason = "",
                size_t octets_max = SIZE_MAX);
    void send(Bytes octets);
    bool is_closed() const { return closed_; }

  private:
    UniqueFd socket_;
    storage::FrameReader reader_;
    bool closed_ = false;
};

}  // namespace gatepost::tests
