// The first block of a segment file: what the file is. Written last of all that makes a segment
// ready, so that one with a valid header is whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/message_log/blob.h"

namespace gatepost::storage {

// Writes begin at multiples of it and have multiples of it: what O_DIRECT asks for on every disk.
constexpr size_t kSegmentBlock = 4096;  // octets
constexpr uint32_t kSegmentVersion = 1;
// Offsets in the common log have 32 bits.
constexpr uint64_t kSegmentOctetsMax = uint64_t{1} << 30;

enum class SegmentKind : uint8_t {
    log = 1,  // records of many messages: NNNNNNNN.seg
    own = 2,  // one body: NNNNNNNN.big
};

// A body that has a file of its own.
struct OwnBody {
    BlobId id;
    uint64_t offset = 0;  // of the prefix
    uint64_t size = 0;    // of prefix and body, octets
    uint32_t prefix_size = 0;
    uint32_t prefix_crc = 0;
    uint32_t body_crc = 0;
    // The record of the message lies in this segment or a later one, or there is none.
    uint32_t record_floor = 0;

    bool operator==(const OwnBody&) const = default;
};

struct SegmentHeader {
    SegmentKind kind = SegmentKind::log;
    uint32_t number = 0;
    uint32_t edge = 0;       // of the host that wrote it
    uint64_t size = 0;       // octets of the file; 0 of kind own
    int64_t created_us = 0;  // microseconds since 1970
    // Random octets that every record of the segment repeats. Nobody outside knows them, so that no
    // message can hold what passes for a record, wherever a reader has to look for one.
    uint64_t salt = 0;
    OwnBody body;  // of kind own

    bool operator==(const SegmentHeader&) const = default;
};

// Fills a block.
void encode_segment_header(const SegmentHeader& header, std::span<uint8_t, kSegmentBlock> block);
// Whether the octets of the file are those that the header tells of.
bool is_own_body_whole(Bytes file, const OwnBody& body);
// Empty where the block is no header of a version that this program reads.
std::optional<SegmentHeader> decode_segment_header(Bytes block);

struct SegmentName {
    uint32_t number = 0;
    SegmentKind kind = SegmentKind::log;

    bool operator==(const SegmentName&) const = default;
};
std::string segment_file_name(uint32_t number, SegmentKind kind);  // "0000002a.seg"
std::optional<SegmentName> parse_segment_file_name(std::string_view name);

}  // namespace gatepost::storage
