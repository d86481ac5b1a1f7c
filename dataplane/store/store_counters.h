// What a worker's store has done, for metrics.
#pragma once

#include <cstdint>

namespace gatepost::dataplane {

struct StoreCounters {
    uint64_t messages = 0;          // committed
    uint64_t octets = 0;            // of their bodies
    uint64_t own_bodies = 0;        // of which in segments of their own
    uint64_t done = 0;              // deliveries noted as done
    uint64_t batches = 0;           // writes to the log
    uint64_t batch_octets = 0;      // with the zeros that fill blocks
    uint64_t write_us = 0;          // sum of the time that the writes took, microseconds
    uint64_t commit_us = 0;         // sum of the time from commit() to its end, microseconds
    uint64_t segments = 0;          // made
    uint64_t segment_failures = 0;  // that could not be made
    uint64_t segment_waits = 0;     // batches that waited for one
    uint64_t sealed = 0;            // segments given up after a failed write
    uint64_t checkpoints = 0;
    uint64_t checkpoint_failures = 0;
    uint64_t disk_full = 0;      // messages refused
    uint64_t busy = 0;           // messages refused
    uint64_t broken = 0;         // messages refused
    uint64_t abandoned = 0;      // messages begun and not committed
    uint64_t read_failures = 0;  // bodies and envelopes that could not be read
    uint64_t bad_records = 0;    // envelopes whose record is damaged
    uint64_t done_unknown = 0;   // done() for what is not in the spool
};

}  // namespace gatepost::dataplane
