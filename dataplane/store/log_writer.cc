#include "dataplane/store/log_writer.h"

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace gatepost::dataplane {

namespace {

// How long a delivery that is done may go without its note: deliveries come in groups, and a note
// that is lost costs a second delivery that changes nothing.
constexpr uint64_t kDoneDelayMs = 100;
// Notes in a record, so that it stays small beside the messages.
constexpr size_t kDonePerRecord = 1024;
// The end of a segment that only notes of deliveries may use while no other segment can be made: a
// full disk must not keep them from being written.
constexpr uint64_t kDoneReserve = uint64_t{1} << 20;  // octets
// Of a segment: a record larger than that would waste too much at a segment's end.
constexpr uint64_t kRecordShare = 4;
constexpr uint64_t kReserveShare = 16;
constexpr size_t kSpareBatches = 2;

uint64_t write_clock_us() {
    using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::steady_clock;
    return static_cast<uint64_t>(
        duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count());
}

}  // namespace

LogWriter::LogWriter(SegmentMaker& maker, Signal& changed, TimerWheel& timers,
                     StoreCounters& counters, LogWriterHost& host, uint64_t segment_octets)
    : maker_(maker),
      changed_(changed),
      timers_(timers),
      counters_(counters),
      host_(host),
      record_max_(segment_octets / kRecordShare),
      batch_max_(std::min(Batch::kOctets, record_max_)),
      done_reserve_(std::min(kDoneReserve, segment_octets / kReserveShare / storage::kSegmentBlock *
                                               storage::kSegmentBlock)),
      done_timer_(*this) {}

// Those who wait are told nothing, as when the machine ends.
LogWriter::~LogWriter() {
    task_.reset();
}

void LogWriter::start() {
    task_ = run();
    task_.start();
}

// Why no segment can be made.
StoreStatus LogWriter::failure() const {
    return maker_.error() == -ENOSPC || maker_.error() == -EDQUOT ? StoreStatus::disk_full
                                                                  : StoreStatus::broken;
}

StoreStatus LogWriter::status() const {
    // None at hand, but one is being made.
    if (maker_.is_ready() || maker_.error() == 0) return StoreStatus::ok;
    // The one that is open is the last, but still has room.
    if (active_ && active_->at + done_reserve_ + batch_max_ <= active_->size)
        return StoreStatus::ok;
    return failure();
}

Batch& LogWriter::open_batch(size_t record) {
    if (batches_.empty() || !batches_.back().has_room(record, batch_max_)) {
        if (spare_.empty()) {
            batches_.emplace_back();
        } else {
            batches_.push_back(std::move(spare_.back()));
            spare_.pop_back();
        }
    }
    return batches_.back();
}

BatchMessage& LogWriter::append(const storage::MessageRecord& record,
                                std::span<const Bytes> pieces) {
    size_t payload = storage::MessageRecord::kFixed + record.envelope.size();
    for (const Bytes piece : pieces) payload += piece.size();
    return open_batch(storage::record_size(payload)).add_message(record, pieces);
}

void LogWriter::add_done(const storage::MessageRef& message) {
    done_.push_back(message);
    if (done_.size() >= kDonePerRecord) return flush_done();
    if (is_done_timed_) return;
    is_done_timed_ = true;
    timers_.set(done_timer_, timers_.now_ms() + kDoneDelayMs);
}

void LogWriter::flush_done() {
    is_done_timed_ = false;
    if (done_.empty()) return;
    is_done_due_ = true;
    changed_.notify();
}

Batch LogWriter::take_batch() {
    if (batches_.empty()) open_batch(0);
    Batch batch = std::move(batches_.front());
    batches_.pop_front();
    const size_t count = std::min(done_.size(), kDonePerRecord);
    if (count > 0 &&
        batch.has_room(storage::record_size(storage::done_payload(count)), batch_max_)) {
        batch.add_done({done_.begin(), done_.begin() + static_cast<ptrdiff_t>(count)});
        done_.erase(done_.begin(), done_.begin() + static_cast<ptrdiff_t>(count));
    }
    if (done_.empty()) is_done_due_ = false;
    return batch;
}

Task<> LogWriter::run() {
    for (;;) {
        while (!has_work()) co_await Signal::Wait(changed_);
        Batch batch = take_batch();
        is_writing_ = true;
        co_await write(batch);
        is_writing_ = false;
        give_back(std::move(batch));
    }
}

void LogWriter::give_back(Batch batch) {
    batch.clear();
    if (spare_.size() < kSpareBatches) spare_.push_back(std::move(batch));
}

bool LogWriter::fits(const Batch& batch) const {
    if (!active_) return false;
    const bool may_use_all = maker_.is_ready() || !batch.has_messages();
    const uint64_t end = active_->size - (may_use_all ? 0 : done_reserve_);
    return active_->at + batch.padded_size() <= end;
}

Task<StoreStatus> LogWriter::find_place(const Batch& batch) {
    bool has_waited = false;
    while (!fits(batch)) {
        std::optional<LogSegment> next = maker_.take();
        if (next) {
            active_ = std::move(next);
            continue;
        }
        if (maker_.error() != 0) co_return failure();
        if (!std::exchange(has_waited, true)) ++counters_.segment_waits;
        co_await Signal::Wait(changed_);
    }
    co_return StoreStatus::ok;
}

Task<> LogWriter::write(Batch& batch) {
    StoreStatus placed = co_await find_place(batch);
    if (placed != StoreStatus::ok) {
        settle(batch, placed);
        co_return;
    }
    batch.seal(*active_);
    const size_t size = batch.padded_size();
    const uint64_t begin_us = write_clock_us();
    int32_t written =
        co_await active_->file->write(batch.memory(), size, active_->at, Durability::now);
    counters_.write_us += write_clock_us() - begin_us;
    if (written < 0 || static_cast<size_t>(written) != size) {
        // What is in the segment now is anybody's guess: nothing follows it.
        ++counters_.sealed;
        active_.reset();
        settle(batch, StoreStatus::broken);
        co_return;
    }
    active_->at += size;
    ++counters_.batches;
    counters_.batch_octets += size;
    settle(batch, StoreStatus::ok);
}

void LogWriter::settle(Batch& batch, StoreStatus status) {
    if (status != StoreStatus::ok && !batch.done().empty()) {
        // They are tried again with the next message, or after a while.
        done_.insert(done_.end(), batch.done().begin(), batch.done().end());
        is_done_due_ = false;
        if (!std::exchange(is_done_timed_, true))
            timers_.set(done_timer_, timers_.now_ms() + kDoneDelayMs);
    }
    for (const auto& message : batch.messages()) {
        if (status == StoreStatus::ok) {
            host_.on_durable(*message);
        } else {
            host_.on_failed(*message, status);
        }
        // Whoever waits may take others of the batch with it.
        if (message->ticket != nullptr) message->ticket->settle(status, message->entry);
    }
}

}  // namespace gatepost::dataplane
