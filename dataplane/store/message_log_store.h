// The message store of a worker over the message log.
//
//   LogNumbers numbers(next_segment_number(source), workers);     // once a process
//   UringDirectory directory(ring, UniqueFd(folder));             // in each worker
//   MessageLogStore store(directory, timers, numbers, listener, {.worker = 0});
//   store.start();                                                // in the worker's thread
//   store.adopt(share of scan_spool().messages);                  // when the scan is over
//
// On disk is what has been committed; what is in memory, and what is being written, ends with the
// process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>

#include "dataplane/reactor/task.h"
#include "dataplane/reactor/timer_wheel.h"
#include "dataplane/store/log_numbers.h"
#include "dataplane/store/log_writer.h"
#include "dataplane/store/message_store.h"
#include "dataplane/store/open_segments.h"
#include "dataplane/store/segment_maker.h"
#include "dataplane/store/signal.h"
#include "dataplane/store/store_counters.h"
#include "dataplane/store/store_file.h"
#include "storage/spool/spool_scan.h"

namespace gatepost::dataplane {

struct MessageLogOptions {
    unsigned worker = 0;
    uint32_t edge = 0;  // of this host, in the segments' headers
    // Octets of a segment, a multiple of kSegmentBlock. So large that making one is rare, so small
    // that compaction has something to choose from.
    uint64_t segment_octets = uint64_t{64} << 20;
    // Octets of bodies in memory: this many messages of ordinary size at once; what is larger, or
    // too much, goes to the disk as it comes.
    uint64_t memory_max = uint64_t{64} << 20;
    // Free octets of the disk below which no message is taken: room for what is accepted already,
    // for its delivery's notes, and for everybody else on this disk.
    uint64_t reserve_octets = uint64_t{256} << 20;
    size_t inline_max = MessageStore::kInlineMax;  // octets
    uint64_t checkpoint_ms = 5000;                 // between two, of worker 0
};

class MessageLogStore final : public MessageStore, private LogWriterHost {
  public:
    // All of them outlive the store.
    MessageLogStore(StoreDirectory& directory, TimerWheel& timers, LogNumbers& numbers,
                    SpoolListener& listener, const MessageLogOptions& options);
    ~MessageLogStore() override;

    // In the thread that it then belongs to. Messages may begin at once.
    void start();
    // What an earlier process left to this worker: the listener is told of each. Exactly once, also
    // with nothing: until every worker has been told, what is delivered cannot be forgotten.
    void adopt(std::span<const storage::SpooledMessage> messages);

    std::unique_ptr<IncomingMessage> begin() override;
    void done(const SpoolEntry& entry) override;
    Task<Result<storage::Envelope>> read_envelope(const SpoolEntry& entry) override;
    Task<int64_t> read_body(const storage::BodyLocation& body, uint64_t offset,
                            std::span<uint8_t> room) override;
    StoreStatus accepting() const override;

    // For a process that ends in order: notes of deliveries go to the disk now.
    void flush() { writer_.flush_done(); }
    bool is_idle() const { return writer_.is_idle(); }
    const StoreCounters& counters() const { return counters_; }
    // Messages that are committed and not done.
    size_t undone() const { return undone_.size(); }
    // The floor of the last checkpoint that is durable: compaction may take segments below it.
    uint32_t durable_floor() const { return durable_floor_; }
    OpenSegments& open_segments() { return open_; }

  private:
    friend class IncomingLogMessage;

    class PeriodicTimer final : public Timer {
      public:
        PeriodicTimer(MessageLogStore& store, void (MessageLogStore::*action)())
            : store_(store), action_(action) {}
        void expired() override { (store_.*action_)(); }

      private:
        MessageLogStore& store_;
        void (MessageLogStore::*action_)();
    };

    void on_durable(const BatchMessage& message) override;
    void on_failed(const BatchMessage& message, StoreStatus status) override;
    void refuse(StoreStatus status);
    void check_space();
    void note_undone(const SpoolEntry& entry);
    void publish_floor();
    void checkpoint_due();
    Task<> checkpoint_loop();
    Task<int32_t> write_checkpoint(const storage::SpoolCheckpoint& checkpoint);

    StoreDirectory& directory_;
    TimerWheel& timers_;
    LogNumbers& numbers_;
    SpoolListener& listener_;
    MessageLogOptions options_;
    StoreCounters counters_;
    Signal changed_;
    SegmentMaker maker_;
    LogWriter writer_;
    OpenSegments open_;
    uint64_t memory_used_ = 0;  // octets of bodies in memory
    bool is_space_low_ = false;
    bool is_adopted_ = false;
    // With the lowest segment that the message needs.
    std::map<storage::MessageRef, uint32_t> undone_;
    std::map<uint32_t, size_t> undone_from_;  // messages by that segment
    std::set<uint32_t> own_open_;             // segments of bodies that no durable record points to
    uint32_t durable_floor_ = 0;
    uint32_t durable_next_ = 0;
    Signal checkpoint_wanted_;
    PeriodicTimer space_timer_;
    PeriodicTimer checkpoint_timer_;
    Task<> checkpoint_task_;
};

}  // namespace gatepost::dataplane
