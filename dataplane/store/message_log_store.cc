#include "dataplane/store/message_log_store.h"

#include <algorithm>
#include <cstring>

#include "dataplane/store/incoming_log_message.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

// How often the free space is looked at.
constexpr uint64_t kSpaceCheckMs = 1000;
// Mail is taken again when there is a quarter more than the reserve, so that it does not go on and
// off with every message.
constexpr uint64_t kSpaceAgain = 4;

storage::MessageRef reference_of(const SpoolEntry& entry) {
    return {entry.id, entry.record_segment, static_cast<uint32_t>(entry.record_offset)};
}

}  // namespace

MessageLogStore::MessageLogStore(StoreDirectory& directory, TimerWheel& timers, LogNumbers& numbers,
                                 SpoolListener& listener, const MessageLogOptions& options)
    : directory_(directory),
      timers_(timers),
      numbers_(numbers),
      listener_(listener),
      options_(options),
      maker_(directory, timers, numbers, counters_, changed_, options.segment_octets, options.edge),
      writer_(maker_, changed_, timers, counters_, *this, options.segment_octets),
      open_(directory),
      space_timer_(*this, &MessageLogStore::check_space),
      checkpoint_timer_(*this, &MessageLogStore::checkpoint_due) {
    GATEPOST_CHECK(options.segment_octets >= LogWriter::kSegmentMin &&
                   options.segment_octets <= storage::kSegmentOctetsMax &&
                   options.segment_octets % storage::kSegmentBlock == 0);
}

MessageLogStore::~MessageLogStore() = default;

void MessageLogStore::start() {
    check_space();
    maker_.start();
    writer_.start();
    if (options_.worker != 0) return;
    checkpoint_task_ = checkpoint_loop();
    checkpoint_task_.start();
}

void MessageLogStore::adopt(std::span<const storage::SpooledMessage> messages) {
    GATEPOST_CHECK(!is_adopted_);
    for (const storage::SpooledMessage& message : messages) {
        const SpoolEntry entry{message.id, message.body, message.record_segment,
                               message.record_offset};
        note_undone(entry);
    }
    is_adopted_ = true;
    publish_floor();
    for (const storage::SpooledMessage& message : messages)
        listener_.on_spooled(
            {message.id, message.body, message.record_segment, message.record_offset}, nullptr);
}

std::unique_ptr<IncomingMessage> MessageLogStore::begin() {
    return std::make_unique<IncomingLogMessage>(*this, accepting());
}

StoreStatus MessageLogStore::accepting() const {
    return is_space_low_ ? StoreStatus::disk_full : writer_.status();
}

void MessageLogStore::refuse(StoreStatus status) {
    switch (status) {
        case StoreStatus::ok:
            break;
        case StoreStatus::disk_full:
            ++counters_.disk_full;
            break;
        case StoreStatus::busy:
            ++counters_.busy;
            break;
        case StoreStatus::broken:
            ++counters_.broken;
            break;
    }
}

void MessageLogStore::on_durable(const BatchMessage& message) {
    const SpoolEntry& entry = message.entry;
    ++counters_.messages;
    counters_.octets += entry.body.size;
    note_undone(entry);
    if (message.body_at == 0) {
        ++counters_.own_bodies;
        own_open_.erase(entry.body.segment);
    }
    publish_floor();
    if (message.ticket != nullptr && !message.ticket->is_delivered()) return;
    // A session that is gone leaves its message: it is accepted, although nobody was told. One that
    // was to be kept has no recipients, and is soon done.
    listener_.on_spooled(entry, message.ticket != nullptr ? &message.ticket->envelope() : nullptr);
}

void MessageLogStore::on_failed(const BatchMessage& message, StoreStatus status) {
    // Nothing was written. After a failed write the record may be there all the same: then its body
    // stays, and the next start finds out.
    if (message.body_at != 0 || status == StoreStatus::broken) return;
    own_open_.erase(message.entry.body.segment);
    directory_.unlink(
        storage::segment_file_name(message.entry.body.segment, storage::SegmentKind::own));
}

void MessageLogStore::done(const SpoolEntry& entry) {
    const storage::MessageRef reference = reference_of(entry);
    const auto found = undone_.find(reference);
    if (found == undone_.end()) {
        ++counters_.done_unknown;
        return;
    }
    ++counters_.done;
    const auto from = undone_from_.find(found->second);
    if (--from->second == 0) undone_from_.erase(from);
    undone_.erase(found);
    publish_floor();
    writer_.add_done(reference);
}

void MessageLogStore::note_undone(const SpoolEntry& entry) {
    // A body of its own may have begun before the segment of its record did.
    const uint32_t lowest = std::min(entry.record_segment, entry.body.segment);
    if (undone_.emplace(reference_of(entry), lowest).second) ++undone_from_[lowest];
}

void MessageLogStore::publish_floor() {
    if (!is_adopted_) return;
    uint32_t floor = writer_.active_number();
    if (!undone_from_.empty()) floor = std::min(floor, undone_from_.begin()->first);
    if (!own_open_.empty()) floor = std::min(floor, *own_open_.begin());
    numbers_.publish_floor(options_.worker, floor);
}

void MessageLogStore::check_space() {
    const uint64_t free = directory_.free_octets();
    const uint64_t again = options_.reserve_octets + options_.reserve_octets / kSpaceAgain;
    is_space_low_ = free < (is_space_low_ ? again : options_.reserve_octets);
    timers_.set(space_timer_, timers_.now_ms() + kSpaceCheckMs);
}

void MessageLogStore::checkpoint_due() {
    checkpoint_wanted_.notify();
}

Task<> MessageLogStore::checkpoint_loop() {
    for (;;) {
        timers_.set(checkpoint_timer_, timers_.now_ms() + options_.checkpoint_ms);
        co_await Signal::Wait(checkpoint_wanted_);
        publish_floor();
        const storage::SpoolCheckpoint checkpoint{numbers_.floor(), numbers_.next()};
        if (checkpoint.floor == 0 ||
            (checkpoint.floor == durable_floor_ && checkpoint.next_number == durable_next_))
            continue;
        int32_t written = co_await write_checkpoint(checkpoint);
        if (written < 0) {
            ++counters_.checkpoint_failures;
            continue;
        }
        ++counters_.checkpoints;
        durable_floor_ = checkpoint.floor;
        durable_next_ = checkpoint.next_number;
    }
}

Task<int32_t> MessageLogStore::write_checkpoint(const storage::SpoolCheckpoint& checkpoint) {
    const std::string temporary(storage::kSpoolCheckpointNewName);
    OpenedFile opened = co_await directory_.create_small(temporary);
    if (!opened.file) co_return opened.error;
    const std::vector<uint8_t> octets = storage::encode_spool_checkpoint(checkpoint);
    auto memory = std::make_shared<AlignedBuffer>(octets.size());
    std::memcpy(memory->data(), octets.data(), octets.size());
    int32_t written = co_await opened.file->write(memory, octets.size(), 0, Durability::later);
    if (written < 0) co_return written;
    if (static_cast<size_t>(written) != octets.size()) co_return -ENOSPC;
    int32_t synced = co_await opened.file->sync();
    if (synced < 0) co_return synced;
    int32_t renamed =
        co_await directory_.rename(temporary, std::string(storage::kSpoolCheckpointName));
    if (renamed < 0) co_return renamed;
    int32_t named = co_await directory_.sync();
    co_return named;
}

Task<Result<storage::Envelope>> MessageLogStore::read_envelope(const SpoolEntry& entry) {
    const auto damaged = [&] {
        ++counters_.bad_records;
        return fail(ErrorCode::invalid,
                    "the record of message {} (segment {:08x}, octet {}) is damaged: `gatepost "
                    "store check` tells more",
                    entry.id.text(), entry.record_segment, entry.record_offset);
    };
    std::vector<uint8_t> record(storage::kRecordHeader);
    for (const size_t wanted : {storage::kRecordHeader, size_t{0}}) {
        if (wanted == 0) {
            const size_t size = storage::record_size(storage::record_payload(record));
            if (size > writer_.record_max()) co_return damaged();
            record.resize(size);
        }
        int64_t got = co_await open_.read(entry.record_segment, entry.record_offset, record);
        if (got < 0) {
            ++counters_.read_failures;
            co_return fail(ErrorCode::refused, "reading the record of message {}: {}",
                           entry.id.text(), std::strerror(static_cast<int>(-got)));
        }
        if (static_cast<size_t>(got) != record.size()) co_return damaged();
    }
    const auto read = storage::read_record(
        record, {entry.record_segment, storage::record_salt(record)}, entry.record_offset);
    const auto message = read ? storage::decode_message(*read, entry.record_segment)
                              : std::optional<storage::MessageRecord>();
    if (!message || message->id != entry.id) co_return damaged();
    co_return storage::decode_envelope(message->envelope);
}

Task<int64_t> MessageLogStore::read_body(const storage::BodyLocation& body, uint64_t offset,
                                         std::span<uint8_t> room) {
    if (offset >= body.size) co_return 0;
    const std::span<uint8_t> wanted =
        room.first(std::min<uint64_t>(room.size(), body.size - offset));
    int64_t got = co_await open_.read(body.segment, body.offset + offset, wanted);
    if (got < 0) ++counters_.read_failures;
    co_return got;
}

}  // namespace gatepost::dataplane
