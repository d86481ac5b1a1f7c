// Reads a whole message log, for `gatepost store check` and `gatepost store stat`: every record's
// checksum, every body in a segment of its own, and what is not delivered. Changes nothing; beside
// a running process, what is being written may look torn.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "storage/message_log/segment_reader.h"
#include "storage/message_log/segment_source.h"

namespace gatepost::storage {

struct SegmentReport {
    SegmentName name;
    uint64_t size = 0;         // octets of the file
    uint64_t used = 0;         // octets up to the last record, or of the body
    int64_t created_us = 0;    // microseconds since 1970; 0: unknown
    uint64_t messages = 0;     // records
    uint64_t done_notes = 0;   // messages that its records of done ones name
    uint64_t bodies = 0;       // that compactions moved here
    uint64_t body_octets = 0;  // of messages and moved bodies
    uint64_t undone = 0;       // messages here that no record says are done
    uint64_t unreadable = 0;   // octets that the disk did not give
    uint64_t missing = 0;      // records
    uint64_t malformed = 0;    // records
    bool is_header_bad = false;
    bool is_body_bad = false;     // of kind own: a checksum is wrong, or octets are missing
    bool is_uncommitted = false;  // of kind own: its message was never accepted, or is on its way
    std::vector<DamagedRange> damage;

    bool is_damaged() const;
};

struct StoreReport {
    std::vector<SegmentReport> segments;  // by number
    uint64_t octets = 0;                  // of the files
    uint64_t messages = 0;
    uint64_t undone = 0;
    uint64_t body_octets = 0;
    uint64_t lost_bodies = 0;  // of undone messages: the file is not there
    // What is wrong, a sentence each, and what to do.
    std::vector<std::string> findings;

    bool is_sound() const { return findings.empty(); }
};

// `progress` is called before each segment, with how many are done and how many there are; may be
// empty.
Result<StoreReport> check_store(SegmentSource& source,
                                const std::function<void(size_t, size_t)>& progress = {});

}  // namespace gatepost::storage
