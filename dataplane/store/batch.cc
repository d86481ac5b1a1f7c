#include "dataplane/store/batch.h"

#include <algorithm>
#include <cstring>

namespace gatepost::dataplane {

namespace {

uint8_t* append(uint8_t* out, Bytes octets) {
    if (!octets.empty()) std::memcpy(out, octets.data(), octets.size());
    return out + octets.size();
}

}  // namespace

std::span<uint8_t> Batch::grow(size_t octets) {
    const size_t needed = size_ + octets;
    if (!memory_ || memory_->size() < needed) {
        const size_t doubled = memory_ ? std::min(2 * memory_->size(), kOctets) : 0;
        auto larger =
            std::make_shared<AlignedBuffer>(std::max({needed, doubled, size_t{64} << 10}));
        if (size_ > 0) std::memcpy(larger->data(), memory_->data(), size_);
        memory_ = std::move(larger);
    }
    const std::span<uint8_t> room = memory_->octets().subspan(size_, octets);
    records_.push_back(size_);
    size_ = needed;
    return room;
}

BatchMessage& Batch::add_message(const storage::MessageRecord& record,
                                 std::span<const Bytes> pieces) {
    size_t payload_size = storage::MessageRecord::kFixed + record.envelope.size();
    for (const Bytes piece : pieces) payload_size += piece.size();
    auto message = std::make_unique<BatchMessage>();
    message->at = size_;
    const std::span<uint8_t> payload = storage::begin_record(
        grow(storage::record_size(payload_size)), storage::RecordType::message, payload_size);
    storage::encode_message_fixed(record, payload);
    uint8_t* out = append(payload.data() + storage::MessageRecord::kFixed, record.envelope);
    if (record.is_inline) message->body_at = static_cast<size_t>(out - memory_->data());
    for (const Bytes piece : pieces) out = append(out, piece);
    message->entry.id = record.id;
    message->entry.body = record.body;
    messages_.push_back(std::move(message));
    return *messages_.back();
}

void Batch::add_done(std::vector<storage::MessageRef> references) {
    const size_t payload_size = storage::done_payload(references.size());
    storage::encode_done(references,
                         storage::begin_record(grow(storage::record_size(payload_size)),
                                               storage::RecordType::done, payload_size));
    done_ = std::move(references);
}

size_t Batch::add_body(const storage::BodyRecord& body) {
    const size_t payload_size = storage::BodyRecord::kFixed + body.octets.size();
    const std::span<uint8_t> payload = storage::begin_record(
        grow(storage::record_size(payload_size)), storage::RecordType::body, payload_size);
    storage::encode_body_fixed(body, payload);
    uint8_t* out = payload.data() + storage::BodyRecord::kFixed;
    append(out, body.octets);
    return static_cast<size_t>(out - memory_->data());
}

void Batch::seal(LogSegment& segment) {
    for (size_t i = 0; i < records_.size(); ++i) {
        const size_t end = i + 1 < records_.size() ? records_[i + 1] : size_;
        storage::seal_record(memory_->octets().subspan(records_[i], end - records_[i]),
                             segment.identity, segment.at + records_[i], segment.sequence++);
    }
    for (const auto& message : messages_) {
        SpoolEntry& entry = message->entry;
        entry.record_segment = segment.identity.number;
        entry.record_offset = segment.at + message->at;
        if (message->body_at == 0) continue;
        entry.body.segment = segment.identity.number;
        entry.body.offset = segment.at + message->body_at;
    }
    // The memory has whole blocks.
    std::fill_n(memory_->data() + size_, padded_size() - size_, uint8_t{0});
}

void Batch::clear() {
    if (memory_ && memory_->size() > kOctets) memory_.reset();
    size_ = 0;
    records_.clear();
    messages_.clear();
    done_.clear();
}

}  // namespace gatepost::dataplane
