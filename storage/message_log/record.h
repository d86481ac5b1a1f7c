// Records of the message log: what lies in a segment behind its header (README.md has the grammar).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/message_log/blob.h"

namespace gatepost::storage {

constexpr size_t kRecordAlignment = 16;  // octets; what lies between records is zero
constexpr size_t kRecordHeader = 32;     // octets
constexpr uint32_t kRecordMagic = 0x47507263;

enum class RecordType : uint8_t {
    message = 1,  // an accepted message
    done = 2,     // messages whose delivery is done
    body = 3,     // a body that a compaction moved here
};

// What a record repeats of its segment.
struct SegmentIdentity {
    uint32_t number = 0;
    uint64_t salt = 0;
};

struct Record {
    RecordType type = RecordType::message;
    uint16_t sequence = 0;  // of the records of its segment, from 0 on; begins anew after 65,535
    uint64_t offset = 0;    // from the segment's beginning
    uint64_t size = 0;      // with header and padding
    Bytes payload;
};

constexpr size_t record_size(size_t payload) {
    return (kRecordHeader + payload + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

// Lays out a record in `room`, of record_size(payload) octets: gives where the payload goes.
std::span<uint8_t> begin_record(std::span<uint8_t> room, RecordType type, size_t payload);
// Once the payload is there and the record has its place: completes the header.
void seal_record(std::span<uint8_t> record, const SegmentIdentity& segment, uint64_t offset,
                 uint16_t sequence);
// What the header says, unchecked: for who knows that a record begins there.
size_t record_payload(Bytes header);
uint64_t record_salt(Bytes header);
// The record at the beginning of `octets`, which lie at `offset` in the segment; empty where there
// is no whole and undamaged one of this segment and place.
std::optional<Record> read_record(Bytes octets, const SegmentIdentity& segment, uint64_t offset);

// Where the body of a message is, and what it must be.
struct MessageRecord {
    // Octets of the payload before the envelope.
    static constexpr size_t kFixed = 64;

    BlobId id;
    // Behind the envelope in the record, or in a segment of its own.
    bool is_inline = true;
    BodyLocation body;
    uint32_t prefix_size = 0;  // octets of the body that are the prefix
    uint32_t prefix_crc = 0;   // of a body in a segment of its own
    uint32_t body_crc = 0;
    Bytes envelope;       // encoded
    Bytes inline_octets;  // prefix and body
};
// Writes the part before the envelope; an inline body's place follows from the record's.
void encode_message_fixed(const MessageRecord& message, std::span<uint8_t> payload);
std::optional<MessageRecord> decode_message(const Record& record, uint32_t segment);

// A message by its record.
struct MessageRef {
    BlobId id;
    uint32_t segment = 0;
    uint32_t offset = 0;

    auto operator<=>(const MessageRef&) const = default;
};
constexpr size_t done_payload(size_t count) {
    return 8 + 24 * count;
}
void encode_done(std::span<const MessageRef> messages, std::span<uint8_t> payload);
std::optional<std::vector<MessageRef>> decode_done(const Record& record);

struct BodyRecord {
    static constexpr size_t kFixed = 32;

    BlobId id;
    uint32_t origin_segment = 0;  // where it was copied from
    uint64_t origin_offset = 0;
    Bytes octets;
};
void encode_body_fixed(const BodyRecord& body, std::span<uint8_t> payload);
std::optional<BodyRecord> decode_body(const Record& record);

}  // namespace gatepost::storage
