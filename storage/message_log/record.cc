#include "storage/message_log/record.h"

#include <algorithm>

#include "storage/base/check.h"
#include "storage/base/crc32c.h"

namespace gatepost::storage {

namespace {

constexpr uint8_t kRecordVersion = 1;
// Places in the header.
constexpr size_t kCrcAt = 4;
constexpr size_t kVersionAt = 8;
constexpr size_t kTypeAt = 9;
constexpr size_t kSequenceAt = 10;
constexpr size_t kSegmentAt = 12;
constexpr size_t kSaltAt = 16;
constexpr size_t kOffsetAt = 24;
constexpr size_t kLengthAt = 28;
// What the checksum is over begins behind it.
constexpr size_t kUnchecked = 8;

// Of the octet that says where a message's body is.
constexpr uint8_t kInline = 1;
constexpr uint8_t kOwnSegment = 2;
constexpr size_t kMessageRefSize = 24;

}  // namespace

std::span<uint8_t> begin_record(std::span<uint8_t> room, RecordType type, size_t payload) {
    GATEPOST_CHECK(room.size() == record_size(payload));
    uint8_t* header = room.data();
    std::fill_n(header, kRecordHeader, uint8_t{0});
    store_be32(header, kRecordMagic);
    header[kVersionAt] = kRecordVersion;
    header[kTypeAt] = static_cast<uint8_t>(type);
    store_be32(header + kLengthAt, static_cast<uint32_t>(payload));
    const size_t end = kRecordHeader + payload;
    std::fill(room.begin() + static_cast<ptrdiff_t>(end), room.end(), uint8_t{0});
    return room.subspan(kRecordHeader, payload);
}

void seal_record(std::span<uint8_t> record, const SegmentIdentity& segment, uint64_t offset,
                 uint16_t sequence) {
    uint8_t* header = record.data();
    store_be16(header + kSequenceAt, sequence);
    store_be32(header + kSegmentAt, segment.number);
    store_be64(header + kSaltAt, segment.salt);
    store_be32(header + kOffsetAt, static_cast<uint32_t>(offset));
    const size_t end = kRecordHeader + load_be32(header + kLengthAt);
    store_be32(header + kCrcAt, crc32c(Bytes(record).first(end).subspan(kUnchecked)));
}

size_t record_payload(Bytes header) {
    return load_be32(header.data() + kLengthAt);
}
uint64_t record_salt(Bytes header) {
    return load_be64(header.data() + kSaltAt);
}

std::optional<Record> read_record(Bytes octets, const SegmentIdentity& segment, uint64_t offset) {
    if (octets.size() < kRecordHeader) return std::nullopt;
    const uint8_t* header = octets.data();
    if (load_be32(header) != kRecordMagic || load_be64(header + kSaltAt) != segment.salt)
        return std::nullopt;
    const uint8_t type = header[kTypeAt];
    const size_t length = load_be32(header + kLengthAt);
    if (header[kVersionAt] != kRecordVersion || type < static_cast<uint8_t>(RecordType::message) ||
        type > static_cast<uint8_t>(RecordType::body) ||
        load_be32(header + kSegmentAt) != segment.number ||
        load_be32(header + kOffsetAt) != offset || octets.size() < record_size(length))
        return std::nullopt;
    const size_t end = kRecordHeader + length;
    if (load_be32(header + kCrcAt) != crc32c(octets.first(end).subspan(kUnchecked)))
        return std::nullopt;
    return Record{static_cast<RecordType>(type), load_be16(header + kSequenceAt), offset,
                  record_size(length), octets.subspan(kRecordHeader, length)};
}

void encode_message_fixed(const MessageRecord& message, std::span<uint8_t> payload) {
    uint8_t* out = payload.data();
    std::fill_n(out, MessageRecord::kFixed, uint8_t{0});
    store_be64(out, message.id.high);
    store_be64(out + 8, message.id.low);
    out[16] = message.is_inline ? kInline : kOwnSegment;
    store_be32(out + 20, static_cast<uint32_t>(message.envelope.size()));
    store_be32(out + 28, message.prefix_size);
    store_be64(out + 40, message.body.size);
    if (message.is_inline) return;
    store_be32(out + 24, message.body.segment);
    store_be64(out + 32, message.body.offset);
    store_be32(out + 48, message.prefix_crc);
    store_be32(out + 52, message.body_crc);
}

std::optional<MessageRecord> decode_message(const Record& record, uint32_t segment) {
    if (record.type != RecordType::message) return std::nullopt;
    ByteReader in(record.payload);
    MessageRecord message;
    message.id.high = in.u64();
    message.id.low = in.u64();
    const uint8_t place = in.u8();
    in.bytes(3);
    const size_t envelope_size = in.u32();
    message.is_inline = place == kInline;
    message.body.segment = in.u32();
    message.prefix_size = in.u32();
    message.body.offset = in.u64();
    message.body.size = in.u64();
    message.prefix_crc = in.u32();
    message.body_crc = in.u32();
    in.u64();
    message.envelope = in.bytes(envelope_size);
    if (message.is_inline) {
        message.body.segment = segment;
        message.body.offset = record.offset + kRecordHeader + in.position();
        message.inline_octets = in.bytes(message.body.size);
    }
    if (!in.ok() || !in.at_end() || (place != kInline && place != kOwnSegment) ||
        message.prefix_size > message.body.size)
        return std::nullopt;
    return message;
}

void encode_done(std::span<const MessageRef> messages, std::span<uint8_t> payload) {
    GATEPOST_CHECK(payload.size() == done_payload(messages.size()));
    uint8_t* out = payload.data();
    store_be32(out, static_cast<uint32_t>(messages.size()));
    store_be32(out + 4, 0);
    out += 8;
    for (const MessageRef& message : messages) {
        store_be64(out, message.id.high);
        store_be64(out + 8, message.id.low);
        store_be32(out + 16, message.segment);
        store_be32(out + 20, message.offset);
        out += kMessageRefSize;
    }
}

std::optional<std::vector<MessageRef>> decode_done(const Record& record) {
    if (record.type != RecordType::done) return std::nullopt;
    ByteReader in(record.payload);
    const size_t count = in.u32();
    in.u32();
    if (!in.ok() || in.left() != count * kMessageRefSize) return std::nullopt;
    std::vector<MessageRef> messages(count);
    for (MessageRef& message : messages) {
        message.id.high = in.u64();
        message.id.low = in.u64();
        message.segment = in.u32();
        message.offset = in.u32();
    }
    return messages;
}

void encode_body_fixed(const BodyRecord& body, std::span<uint8_t> payload) {
    uint8_t* out = payload.data();
    store_be64(out, body.id.high);
    store_be64(out + 8, body.id.low);
    store_be32(out + 16, body.origin_segment);
    store_be32(out + 20, 0);
    store_be64(out + 24, body.origin_offset);
}

std::optional<BodyRecord> decode_body(const Record& record) {
    if (record.type != RecordType::body) return std::nullopt;
    ByteReader in(record.payload);
    BodyRecord body;
    body.id.high = in.u64();
    body.id.low = in.u64();
    body.origin_segment = in.u32();
    in.u32();
    body.origin_offset = in.u64();
    if (!in.ok()) return std::nullopt;
    body.octets = in.bytes(in.left());
    return body;
}

}  // namespace gatepost::storage
