// Segments: reading ends, ranges lie inside, and whole records can be decoded or are refused.
#include <vector>

#include "storage/base/check.h"
#include "storage/message_log/segment_reader.h"

using namespace gatepost;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    // The header's checksum would keep a fuzzer out: the segment begins at the first record.
    std::vector<uint8_t> segment(storage::kSegmentBlock);
    segment.insert(segment.end(), data, data + size);
    storage::SegmentReader reader(segment, 0x2a);
    uint64_t end = 0;
    while (const auto record = reader.next()) {
        GATEPOST_CHECK(record->offset >= end && record->offset + record->size <= segment.size());
        end = record->offset + record->size;
        const auto message = storage::decode_message(*record, 0x2a);
        if (message && message->is_inline)
            GATEPOST_CHECK(message->body.offset + message->body.size <= end);
        if (const auto done = storage::decode_done(*record))
            GATEPOST_CHECK(storage::done_payload(done->size()) == record->payload.size());
    }
    for (const auto& range : reader.damage())
        GATEPOST_CHECK(range.offset + range.size <= segment.size());
    return 0;
}
