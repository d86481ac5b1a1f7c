// Where a worker puts messages: bodies and envelopes go to the message log
// (storage/message_log/README.md), and are said to be there only when they are on disk.
//
// Records of all sessions of the worker that are ready while a write is under way go out together
// with the next one (group commit). A body larger than kInlineMax octets, or one that comes while
// the worker's memory for bodies is short, goes to a segment of its own as it comes in.
//
// Not thread-safe: a worker's own.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/reactor/task.h"
#include "storage/base/bytes.h"
#include "storage/message_log/blob.h"
#include "storage/spool/envelope.h"

namespace gatepost::dataplane {

enum class StoreStatus : uint8_t {
    ok,
    disk_full,  // 452 4.3.1 (RFC 3463: mail system full)
    busy,       // too many bodies are under way; 452 4.3.2
    broken,  // a write failed; nothing more is accepted until a new segment can be made. 451 4.3.0
};

class MessageStore;

// A message that is coming in. Destroying it forgets it, whatever has been written of it.
class IncomingMessage {
  public:
    virtual ~IncomingMessage() = default;
    // Adds octets behind what is there; they are copied. May wait for the disk or for memory.
    // Anything but `ok` is final: commit() gives it again.
    virtual Task<StoreStatus> add(Bytes octets) = 0;
    virtual uint64_t size() const = 0;  // octets added
    // Makes it durable: `prefix` (at most kPrefixMax octets: trace fields), then what was added,
    // and the envelope. `ok`: it is on disk, is in the spool, and will be delivered whatever
    // happens. Once only.
    virtual Task<StoreStatus> commit(Bytes prefix, const storage::Envelope& envelope) = 0;
    // In the place of commit(), for whoever puts it into a mailbox himself (APPEND): makes it
    // durable under that name. As long as this object lives it counts as needed; after a crash
    // before the mailbox has it, it is forgotten. Once only.
    virtual Task<StoreStatus> keep(const storage::BlobId& id) = 0;
    // After commit() or keep(): prefix and body.
    virtual storage::BodyLocation location() const = 0;
};

// An accepted message whose delivery is not done yet.
struct SpoolEntry {
    storage::BlobId id;
    storage::BodyLocation body;
    uint32_t record_segment = 0;  // of the record with the envelope
    uint64_t record_offset = 0;
};

// Told of every message that is to be delivered: as it is committed, and at the start of those that
// an earlier process left.
class SpoolListener {
  public:
    // `envelope` is nullptr for a message of an earlier process: read_envelope() gives it.
    virtual void on_spooled(const SpoolEntry& entry, const storage::Envelope* envelope) = 0;

  protected:
    ~SpoolListener() = default;
};

class MessageStore {
  public:
    static constexpr size_t kInlineMax = 256 << 10;  // octets
    static constexpr size_t kPrefixMax = 8 << 10;    // octets

    virtual ~MessageStore() = default;
    // What a message that begins now would meet: for a refusal at MAIL, before any of it has come.
    virtual StoreStatus accepting() const { return StoreStatus::ok; }
    virtual std::unique_ptr<IncomingMessage> begin() = 0;
    // Notes that delivery is done: the record is written with the next batch, and need not be on
    // disk when this returns, since a message is delivered twice without harm.
    virtual void done(const SpoolEntry& entry) = 0;
    virtual Task<Result<storage::Envelope>> read_envelope(const SpoolEntry& entry) = 0;
    // Reads `room.size()` octets of a body, from `offset` octets in it on. Gives what was read, or
    // a negative errno; fewer octets only at the body's end.
    virtual Task<int64_t> read_body(const storage::BodyLocation& body, uint64_t offset,
                                    std::span<uint8_t> room) = 0;
};

}  // namespace gatepost::dataplane
