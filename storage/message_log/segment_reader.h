// Reads the records of one segment, and goes on behind whatever is damaged in it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/message_log/record.h"
#include "storage/message_log/segment_header.h"

namespace gatepost::storage {

// Octets that are neither records nor zeros between them.
struct DamagedRange {
    uint64_t offset = 0;
    uint64_t size = 0;
    // No record follows. A write that the end of the machine cut off looks like this: what was in
    // it had not been acknowledged.
    bool is_tail = false;
};

// Stays valid as long as the octets do.
class SegmentReader {
  public:
    // `segment`: the whole file, whose name says `number`.
    SegmentReader(Bytes segment, uint32_t number);

    // Empty where the first block is damaged; records are found all the same.
    const std::optional<SegmentHeader>& header() const { return header_; }
    // Empty at the end.
    std::optional<Record> next();

    // Once next() has given all:
    const std::vector<DamagedRange>& damage() const { return damage_; }
    // Records that must have been between two others, by their sequence.
    uint64_t missing() const { return missing_; }
    // Behind the last record, or damage.
    uint64_t used() const { return used_; }

  private:
    std::optional<Record> record_at(uint64_t offset) const;
    void skip_damage();

    Bytes segment_;
    std::optional<SegmentHeader> header_;
    SegmentIdentity identity_;
    bool readable_ = false;
    uint64_t at_ = kSegmentBlock;
    uint64_t used_ = kSegmentBlock;
    uint64_t missing_ = 0;
    uint16_t sequence_ = 0;
    std::vector<DamagedRange> damage_;
};

}  // namespace gatepost::storage
