// What an earlier process left: the messages it accepted and did not deliver. Reads the segments
// from the checkpoint's floor on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "storage/message_log/blob.h"
#include "storage/message_log/segment_reader.h"
#include "storage/message_log/segment_source.h"
#include "storage/spool/spool_checkpoint.h"

namespace gatepost::storage {

// A message that is to be delivered.
struct SpooledMessage {
    BlobId id;
    BodyLocation body;
    uint32_t record_segment = 0;
    uint64_t record_offset = 0;
};

struct SpoolScanCounters {
    uint64_t segments = 0;        // read
    uint64_t octets = 0;          // read
    uint64_t messages = 0;        // records of messages
    uint64_t done = 0;            // of which delivered
    uint64_t torn = 0;            // octets of writes that the end of the machine cut off
    uint64_t damaged = 0;         // octets that are no record and have records behind them
    uint64_t unreadable = 0;      // octets that the disk did not give
    uint64_t missing = 0;         // records that must have been between two others
    uint64_t malformed = 0;       // whole records that do not say what they should
    uint64_t lost_bodies = 0;     // messages whose body's file is not there, or too short
    uint64_t bad_headers = 0;     // segments whose first block is damaged
    uint64_t bad_checkpoint = 0;  // 1: it is damaged, and everything was read
};

struct SpoolScan {
    std::vector<SpooledMessage> messages;  // in the order of their names, that is: of their coming
    uint32_t next_number = 1;              // for the first segment of this process
    uint32_t floor = 0;                    // of the checkpoint; 0: there was none
    SpoolScanCounters counters;
    // What is wrong, a sentence each, for the log.
    std::vector<std::string> findings;

    // For spool_clean_up().
    std::vector<SegmentName> removable;  // nothing in them that was ever acknowledged
    struct Tail {
        SegmentName name;
        uint64_t used = 0;  // octets; zeros follow
    };
    std::vector<Tail> tails;
};

// The first number that no segment has had, without reading one: a store may begin with it while
// the scan goes on elsewhere.
Result<uint32_t> next_segment_number(SegmentSource& source);

// Of the segments with lower numbers than `below`. An error only if the folder cannot be read:
// whatever is damaged in it is counted, told in `findings`, and left where it is.
Result<SpoolScan> scan_spool(SegmentSource& source, uint32_t below = UINT32_MAX);

// Gives back what no message needs: removes `removable`, cuts off `tails`. Gives the octets freed.
Result<uint64_t> spool_clean_up(int directory, const SpoolScan& scan);

// Replaces the checkpoint, durably. For who has no ring: a start in an empty folder, and tools.
Status write_spool_checkpoint(int directory, const SpoolCheckpoint& checkpoint);

}  // namespace gatepost::storage
