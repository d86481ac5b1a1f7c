// Makes segments ahead of need: the log switches to the next one without waiting for the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "dataplane/reactor/task.h"
#include "dataplane/reactor/timer_wheel.h"
#include "dataplane/store/log_numbers.h"
#include "dataplane/store/signal.h"
#include "dataplane/store/store_counters.h"
#include "dataplane/store/store_file.h"
#include "storage/message_log/record.h"

namespace gatepost::dataplane {

// An empty segment, durable in every respect.
struct LogSegment {
    storage::SegmentIdentity identity;
    std::unique_ptr<StoreFile> file;
    uint64_t size = 0;                     // octets
    uint64_t at = storage::kSegmentBlock;  // where the next batch goes
    uint16_t sequence = 0;                 // of the next record
};

// Random octets for a segment's header.
uint64_t draw_salt();
// Microseconds since 1970.
int64_t wall_clock_us();

class SegmentMaker {
  public:
    // `changed` is notified when one is ready, and when one could not be made.
    SegmentMaker(StoreDirectory& directory, TimerWheel& timers, LogNumbers& numbers,
                 StoreCounters& counters, Signal& changed, uint64_t segment_octets, uint32_t edge);

    void start();
    bool is_ready() const { return ready_.has_value(); }
    // Empty unless ready; begins to make another one.
    std::optional<LogSegment> take();
    // Of the one that is ready or being made; 0: there has been none yet.
    uint32_t next_number() const { return next_number_; }
    // Why the last one could not be made: a negative errno; 0 while all is well.
    int32_t error() const { return error_; }

  private:
    Task<> run();
    Task<int32_t> make(LogSegment& segment);
    Task<int32_t> fill(LogSegment& segment);

    StoreDirectory& directory_;
    TimerWheel& timers_;
    LogNumbers& numbers_;
    StoreCounters& counters_;
    Signal& changed_;
    Signal wanted_;
    uint64_t segment_octets_;
    uint32_t edge_;
    uint32_t next_number_ = 0;
    int32_t error_ = 0;
    std::optional<LogSegment> ready_;
    Task<> task_;
};

}  // namespace gatepost::dataplane
