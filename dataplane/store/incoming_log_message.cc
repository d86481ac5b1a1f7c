#include "dataplane/store/incoming_log_message.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

// A body in memory begins with room for so many octets, and doubles.
constexpr size_t kFirstOctets = 4 << 10;
// Of the worker's memory, bodies that wait in it whole take so many quarters at most: the rest is
// for those that go to the disk, which have to go on.
constexpr uint64_t kInlineQuarters = 3;

StoreStatus status_of(int32_t error) {
    return error == -ENOSPC || error == -EDQUOT ? StoreStatus::disk_full : StoreStatus::broken;
}

uint64_t now_us() {
    using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::steady_clock;
    return static_cast<uint64_t>(
        duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count());
}

uint64_t unix_us() {
    using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::system_clock;
    return static_cast<uint64_t>(
        duration_cast<microseconds>(system_clock::now().time_since_epoch()).count());
}

}  // namespace

IncomingLogMessage::~IncomingLogMessage() {
    if (!is_committed_ && !is_refused_) ++store_.counters_.abandoned;
    if (own_ && !is_committed_) {
        store_.own_open_.erase(own_->number());
        store_.publish_floor();
    }
    release_memory();
    if (kept_) store_.done(*kept_);
}

bool IncomingLogMessage::take_memory(size_t octets, uint64_t limit) {
    if (store_.memory_used_ + octets > limit) return false;
    store_.memory_used_ += octets;
    memory_held_ += octets;
    return true;
}

void IncomingLogMessage::release_memory() {
    store_.memory_used_ -= memory_held_;
    memory_held_ = 0;
}

StoreStatus IncomingLogMessage::refuse(StoreStatus status) {
    status_ = status;
    if (!std::exchange(is_refused_, true)) store_.refuse(status);
    return status;
}

// Whether the body may grow by so many octets in memory; takes it.
bool IncomingLogMessage::fits_memory(size_t octets) {
    const size_t needed = octets_.size() + octets;
    if (needed > store_.options_.inline_max) return false;
    if (needed <= octets_.capacity()) return true;
    const size_t capacity = std::min(std::max({needed, 2 * octets_.capacity(), kFirstOctets}),
                                     std::max(store_.options_.inline_max, needed));
    // Both are there while the octets move over.
    const uint64_t limit = store_.options_.memory_max / 4 * kInlineQuarters;
    if (!take_memory(capacity, limit)) return false;
    const size_t before = octets_.capacity();
    octets_.reserve(capacity);
    store_.memory_used_ -= before;
    memory_held_ -= before;
    return true;
}

Task<StoreStatus> IncomingLogMessage::add(Bytes octets) {
    if (status_ != StoreStatus::ok) co_return refuse(status_);
    size_ += octets.size();
    if (!own_ && fits_memory(octets.size())) {
        octets_.insert(octets_.end(), octets.begin(), octets.end());
        co_return StoreStatus::ok;
    }
    if (!own_) {
        StoreStatus spilled = co_await spill();
        if (spilled != StoreStatus::ok) co_return spilled;
    }
    StoreStatus added = co_await add_to_own(octets);
    co_return added;
}

Task<StoreStatus> IncomingLogMessage::spill() {
    if (!take_memory(OwnBody::kChunk, store_.options_.memory_max))
        co_return refuse(StoreStatus::busy);
    own_ =
        std::make_unique<OwnBody>(store_.directory_, store_.numbers_.take(), store_.options_.edge);
    store_.own_open_.insert(own_->number());
    int32_t created = co_await own_->create();
    if (created < 0) co_return refuse(status_of(created));
    StoreStatus added = co_await add_to_own(octets_);
    const size_t freed = octets_.capacity();
    octets_ = {};
    store_.memory_used_ -= freed;
    memory_held_ -= freed;
    co_return added;
}

Task<StoreStatus> IncomingLogMessage::add_to_own(Bytes octets) {
    int32_t added = co_await own_->add(octets);
    if (added < 0) co_return refuse(status_of(added));
    co_return StoreStatus::ok;
}

Task<StoreStatus> IncomingLogMessage::commit(Bytes prefix, const storage::Envelope& envelope) {
    return write(prefix, envelope);
}

Task<StoreStatus> IncomingLogMessage::keep(const storage::BlobId& id) {
    storage::Envelope envelope;
    envelope.id = id;
    envelope.received_us = static_cast<int64_t>(unix_us());
    is_delivered_ = false;
    StoreStatus written = co_await write({}, envelope);
    co_return written;
}

Task<StoreStatus> IncomingLogMessage::write(Bytes prefix, const storage::Envelope& envelope) {
    GATEPOST_CHECK(!is_committed_ && prefix.size() <= MessageStore::kPrefixMax);
    if (status_ != StoreStatus::ok) co_return refuse(status_);
    const uint64_t begin_us = now_us();
    const std::vector<uint8_t> encoded = storage::encode_envelope(envelope);
    const size_t frame = storage::MessageRecord::kFixed + encoded.size();
    if (encoded.size() > storage::kEnvelopeMax ||
        storage::record_size(frame) > store_.writer_.record_max())
        co_return refuse(StoreStatus::busy);
    if (!own_ && storage::record_size(frame + prefix.size() + octets_.size()) >
                     store_.writer_.record_max()) {
        StoreStatus spilled = co_await spill();
        if (spilled != StoreStatus::ok) co_return spilled;
    }
    StoreStatus committed = StoreStatus::ok;
    if (own_) {
        committed = co_await commit_own(prefix, envelope, encoded);
    } else {
        storage::MessageRecord record;
        record.id = envelope.id;
        record.body.size = prefix.size() + octets_.size();
        record.prefix_size = static_cast<uint32_t>(prefix.size());
        record.envelope = encoded;
        const std::array<Bytes, 2> pieces = {prefix, octets_};
        committed = co_await append(record, pieces, envelope);
    }
    if (committed == StoreStatus::ok) store_.counters_.commit_us += now_us() - begin_us;
    co_return committed;
}

Task<StoreStatus> IncomingLogMessage::commit_own(Bytes prefix, const storage::Envelope& envelope,
                                                 Bytes envelope_octets) {
    int32_t finished = co_await own_->finish(prefix, envelope.id, store_.writer_.active_number());
    if (finished < 0) co_return refuse(status_of(finished));
    storage::MessageRecord record = own_->record();
    record.envelope = envelope_octets;
    // From here on the file belongs to the record, which may become durable without us.
    own_->keep();
    StoreStatus committed = co_await append(record, {}, envelope);
    co_return committed;
}

Task<StoreStatus> IncomingLogMessage::append(const storage::MessageRecord& record,
                                             std::span<const Bytes> pieces,
                                             const storage::Envelope& envelope) {
    is_committed_ = true;
    CommitTicket ticket(envelope, is_delivered_);
    ticket.bind(store_.writer_.append(record, pieces));
    store_.writer_.go();
    StoreStatus status = co_await ticket;
    if (status != StoreStatus::ok) co_return refuse(status);
    location_ = ticket.entry().body;
    if (!is_delivered_) kept_ = ticket.entry();
    release_memory();
    octets_ = {};
    co_return StoreStatus::ok;
}

}  // namespace gatepost::dataplane
