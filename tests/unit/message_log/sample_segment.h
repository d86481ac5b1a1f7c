// A segment as the log writes it, in memory.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "storage/message_log/record.h"
#include "storage/message_log/segment_header.h"

namespace gatepost::storage {

class SampleSegment {
  public:
    explicit SampleSegment(uint32_t number, uint64_t salt = 0x5a17)
        : identity_{number, salt}, octets_(kSegmentBlock) {
        SegmentHeader header;
        header.number = number;
        header.size = 0;
        header.created_us = 1'760'000'000'000'000;
        header.salt = salt;
        encode_segment_header(header, std::span(octets_).first<kSegmentBlock>());
    }
    // An inline message; gives where its record begins.
    uint64_t add_message(const BlobId& id, const std::vector<uint8_t>& envelope,
                         const std::string& body) {
        MessageRecord message;
        message.id = id;
        message.envelope = envelope;
        message.body.size = body.size();
        const std::span<uint8_t> payload =
            grow(RecordType::message, MessageRecord::kFixed + envelope.size() + body.size());
        encode_message_fixed(message, payload);
        std::ranges::copy(envelope, payload.begin() + MessageRecord::kFixed);
        std::ranges::copy(body, payload.end() - static_cast<ptrdiff_t>(body.size()));
        return seal();
    }
    // One with a body in a segment of its own.
    uint64_t add_message(const MessageRecord& message) {
        const std::span<uint8_t> payload =
            grow(RecordType::message, MessageRecord::kFixed + message.envelope.size());
        encode_message_fixed(message, payload);
        std::ranges::copy(message.envelope, payload.begin() + MessageRecord::kFixed);
        return seal();
    }
    uint64_t add_done(const std::vector<MessageRef>& messages) {
        encode_done(messages, grow(RecordType::done, done_payload(messages.size())));
        return seal();
    }
    // The batch ends: the next record begins at a block.
    void end_batch() {
        octets_.resize((octets_.size() + kSegmentBlock - 1) / kSegmentBlock * kSegmentBlock);
    }
    void skip_sequence(uint16_t count) { sequence_ = static_cast<uint16_t>(sequence_ + count); }
    // With zeros behind, as it is made.
    std::vector<uint8_t> octets(size_t size = 0) const {
        std::vector<uint8_t> octets = octets_;
        octets.resize(std::max(octets.size(), size));
        return octets;
    }
    SegmentIdentity identity() const { return identity_; }

  private:
    std::span<uint8_t> grow(RecordType type, size_t payload) {
        at_ = octets_.size();
        octets_.resize(at_ + record_size(payload));
        return begin_record(std::span(octets_).subspan(at_), type, payload);
    }
    uint64_t seal() {
        seal_record(std::span(octets_).subspan(at_), identity_, at_, sequence_++);
        return at_;
    }

    SegmentIdentity identity_;
    std::vector<uint8_t> octets_;
    uint64_t at_ = 0;
    uint16_t sequence_ = 0;
};

}  // namespace gatepost::storage
