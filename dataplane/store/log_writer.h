// Writes a worker's records: one write at a time, and with it goes all that was ready while the one
// before was under way.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "dataplane/reactor/task.h"
#include "dataplane/reactor/timer_wheel.h"
#include "dataplane/store/batch.h"
#include "dataplane/store/segment_maker.h"
#include "dataplane/store/signal.h"
#include "dataplane/store/store_counters.h"

namespace gatepost::dataplane {

// Told of every record before the one who waits for it is.
class LogWriterHost {
  public:
    virtual void on_durable(const BatchMessage& message) = 0;
    virtual void on_failed(const BatchMessage& message, StoreStatus status) = 0;

  protected:
    ~LogWriterHost() = default;
};

class LogWriter {
  public:
    LogWriter(SegmentMaker& maker, Signal& changed, TimerWheel& timers, StoreCounters& counters,
              LogWriterHost& host, uint64_t segment_octets);
    ~LogWriter();

    void start();
    // Octets of a record at most.
    size_t record_max() const { return record_max_; }
    // Queues a message's record for the next write; its ticket is to be bound at once.
    BatchMessage& append(const storage::MessageRecord& record, std::span<const Bytes> pieces);
    // After append() and bind(): the write may begin, and end, in here.
    void go() { changed_.notify(); }
    // Noted with the next write, or when a moment has passed.
    void add_done(const storage::MessageRef& message);
    // Writes down what is done without waiting for more.
    void flush_done();

    // The segment that the next record goes to, or an earlier one; 0: there has been none yet.
    uint32_t active_number() const {
        return active_ ? active_->identity.number : maker_.next_number();
    }
    // Nothing waits to be written, and nothing is being written.
    bool is_idle() const { return !is_writing_ && batches_.empty() && done_.empty(); }
    // What a message would meet now.
    StoreStatus status() const;

    // Octets of segments at least: a record has to fit a part of one.
    static constexpr uint64_t kSegmentMin = 64 << 10;

  private:
    class DoneTimer final : public Timer {
      public:
        explicit DoneTimer(LogWriter& writer) : writer_(writer) {}
        void expired() override { writer_.flush_done(); }

      private:
        LogWriter& writer_;
    };

    Task<> run();
    Task<> write(Batch& batch);
    Task<StoreStatus> find_place(const Batch& batch);
    bool fits(const Batch& batch) const;
    StoreStatus failure() const;
    bool has_work() const { return !batches_.empty() || (is_done_due_ && !done_.empty()); }
    Batch take_batch();
    void settle(Batch& batch, StoreStatus status);
    void give_back(Batch batch);
    Batch& open_batch(size_t record);

    SegmentMaker& maker_;
    Signal& changed_;
    TimerWheel& timers_;
    StoreCounters& counters_;
    LogWriterHost& host_;
    size_t record_max_;
    size_t batch_max_;  // octets, but for a record alone
    uint64_t done_reserve_;
    std::optional<LogSegment> active_;
    bool is_writing_ = false;
    bool is_done_due_ = false;
    std::deque<Batch> batches_;
    std::vector<Batch> spare_;  // their memory is used again
    std::vector<storage::MessageRef> done_;
    DoneTimer done_timer_;
    bool is_done_timed_ = false;
    Task<> task_;
};

}  // namespace gatepost::dataplane
