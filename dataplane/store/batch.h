// Records that go to disk with one write.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/store/message_store.h"
#include "dataplane/store/segment_maker.h"
#include "dataplane/store/store_file.h"
#include "storage/message_log/record.h"

namespace gatepost::dataplane {

class CommitTicket;

// A message's record in a batch.
struct BatchMessage {
    BatchMessage() = default;
    BatchMessage(const BatchMessage&) = delete;
    BatchMessage& operator=(const BatchMessage&) = delete;
    ~BatchMessage();

    SpoolEntry entry;                // what of it depends on the place is set when it has one
    size_t at = 0;                   // in the batch
    size_t body_at = 0;              // of an inline body, in the batch; 0: in a segment of its own
    CommitTicket* ticket = nullptr;  // null: whoever waited is gone
};

// How a coroutine waits for its record. Destroyed earlier, it is forgotten: the record goes on.
class CommitTicket {
  public:
    // `delivered`: somebody is to deliver it.
    CommitTicket(const storage::Envelope& envelope, bool delivered)
        : envelope_(envelope), delivered_(delivered) {}
    CommitTicket(const CommitTicket&) = delete;
    CommitTicket& operator=(const CommitTicket&) = delete;
    ~CommitTicket() {
        if (message_ != nullptr) message_->ticket = nullptr;
    }

    void bind(BatchMessage& message) {
        message_ = &message;
        message.ticket = this;
    }
    const storage::Envelope& envelope() const { return envelope_; }
    bool is_delivered() const { return delivered_; }
    // The batch ends with the store: whoever waits will not hear of it.
    void forget() { message_ = nullptr; }
    // What came of it; resumes who waits.
    void settle(StoreStatus status, const SpoolEntry& entry) {
        message_->ticket = nullptr;
        message_ = nullptr;
        is_settled_ = true;
        status_ = status;
        entry_ = entry;
        if (waiter_) waiter_.resume();
    }

    bool await_ready() const { return is_settled_; }
    void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
    StoreStatus await_resume() const { return status_; }
    const SpoolEntry& entry() const { return entry_; }

  private:
    const storage::Envelope& envelope_;
    const bool delivered_;
    BatchMessage* message_ = nullptr;
    std::coroutine_handle<> waiter_;
    bool is_settled_ = false;
    StoreStatus status_ = StoreStatus::ok;
    SpoolEntry entry_;
};

inline BatchMessage::~BatchMessage() {
    if (ticket != nullptr) ticket->forget();
}

class Batch {
  public:
    // Octets: more do not make a disk faster, and the next batch waits for them.
    static constexpr size_t kOctets = size_t{1} << 20;

    bool is_empty() const { return size_ == 0; }
    // Within `limit` octets. A record alone always has room.
    bool has_room(size_t record, size_t limit) const {
        return is_empty() || size_ + record <= limit;
    }
    bool has_messages() const { return !messages_.empty(); }
    // Octets in whole blocks.
    size_t padded_size() const {
        return (size_ + storage::kSegmentBlock - 1) / storage::kSegmentBlock *
               storage::kSegmentBlock;
    }
    const SharedBuffer& memory() const { return memory_; }
    std::vector<std::unique_ptr<BatchMessage>>& messages() { return messages_; }
    std::vector<storage::MessageRef>& done() { return done_; }

    // Lays out a message's record. `octets` are an inline body in one or more pieces.
    BatchMessage& add_message(const storage::MessageRecord& record, std::span<const Bytes> pieces);
    void add_done(std::vector<storage::MessageRef> references);
    // A body that moves; gives its place in the batch.
    size_t add_body(const storage::BodyRecord& body);
    // It gets its place: completes the records, fills up the last block.
    void seal(LogSegment& segment);
    // Keeps the memory for the next one.
    void clear();

  private:
    std::span<uint8_t> grow(size_t octets);

    SharedBuffer memory_;
    size_t size_ = 0;
    std::vector<size_t> records_;  // where they begin
    std::vector<std::unique_ptr<BatchMessage>> messages_;
    std::vector<storage::MessageRef> done_;  // that its record of done ones names
};

}  // namespace gatepost::dataplane
