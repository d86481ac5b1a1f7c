// Reads octets of many messages in as few reads as will do: what lies together in a segment is read
// together, in the order in which it lies there.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/reactor/task.h"
#include "dataplane/store/message_store.h"
#include "storage/base/bytes.h"
#include "storage/mailbox_index/mailbox_entry.h"

namespace gatepost::dataplane {

// Octets that are wanted of a message.
struct WantedOctets {
    uint32_t uid = 0;
    uint32_t segment = 0;
    uint64_t offset = 0;  // in the segment
    uint64_t size = 0;
};

class BodyWindows {
  public:
    // Octets of one read, and thus the most of one message that is read whole.
    static constexpr uint64_t kOctetsMax = 256 << 10;

    // `store` outlives it.
    BodyWindows(MessageStore& store, std::vector<WantedOctets> wanted);

    // Reads the next ones. False: there were no more.
    Task<bool> next();
    // Of those that next() has read.
    size_t size() const { return end_ - begin_; }
    const WantedOctets& wanted(size_t i) const { return wanted_[begin_ + i]; }
    // Fewer than were wanted: they are too many, or could not be read.
    Bytes octets(size_t i) const;

  private:
    MessageStore& store_;
    std::vector<WantedOctets> wanted_;
    size_t begin_ = 0;
    size_t end_ = 0;
    std::unique_ptr<uint8_t[]> room_;
    uint64_t got_ = 0;  // octets
};

// Reads `size` octets at most, from `offset` in the body on, into `room`, which has space for them.
// Gives how many it read, fewer only where the body ends; -1: it could not.
Task<int64_t> read_octets(MessageStore& store, storage::BodyLocation body, uint64_t offset,
                          uint64_t size, uint8_t* room);

}  // namespace gatepost::dataplane
