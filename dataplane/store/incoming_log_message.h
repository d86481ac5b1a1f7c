// A message on its way into the message log: in memory while it is small and there is room, in a
// segment of its own otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/store/message_log_store.h"
#include "dataplane/store/own_body.h"

namespace gatepost::dataplane {

class IncomingLogMessage final : public IncomingMessage {
  public:
    IncomingLogMessage(MessageLogStore& store, StoreStatus status)
        : store_(store), status_(status) {}
    ~IncomingLogMessage() override;

    Task<StoreStatus> add(Bytes octets) override;
    uint64_t size() const override { return size_; }
    Task<StoreStatus> commit(Bytes prefix, const storage::Envelope& envelope) override;
    Task<StoreStatus> keep(const storage::BlobId& id) override;
    storage::BodyLocation location() const override { return location_; }

  private:
    // Takes room of the worker's memory; false when there is none.
    bool take_memory(size_t octets, uint64_t limit);
    void release_memory();
    bool fits_memory(size_t octets);
    StoreStatus refuse(StoreStatus status);
    Task<StoreStatus> spill();
    Task<StoreStatus> add_to_own(Bytes octets);
    Task<StoreStatus> commit_own(Bytes prefix, const storage::Envelope& envelope,
                                 Bytes envelope_octets);
    Task<StoreStatus> append(const storage::MessageRecord& record, std::span<const Bytes> pieces,
                             const storage::Envelope& envelope);
    Task<StoreStatus> write(Bytes prefix, const storage::Envelope& envelope);

    MessageLogStore& store_;
    StoreStatus status_;
    bool is_refused_ = false;
    bool is_committed_ = false;
    uint64_t size_ = 0;         // octets added
    uint64_t memory_held_ = 0;  // octets, of the worker's
    std::vector<uint8_t> octets_;
    std::unique_ptr<OwnBody> own_;
    storage::BodyLocation location_;
    bool is_delivered_ = true;        // by the spool's listener
    std::optional<SpoolEntry> kept_;  // that is done when this goes
};

}  // namespace gatepost::dataplane
