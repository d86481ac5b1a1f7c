// A folder of segments in memory.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "storage/base/crc32c.h"
#include "storage/message_log/record.h"
#include "storage/message_log/segment_source.h"

namespace gatepost::storage {

class MemorySource final : public SegmentSource {
  public:
    std::map<std::string, std::vector<uint8_t>> files;
    std::set<std::string> bad;  // the disk does not give their second block

    void put(const SegmentName& name, std::vector<uint8_t> octets) {
        files[segment_file_name(name.number, name.kind)] = std::move(octets);
    }
    Result<std::vector<SegmentFile>> list() override {
        std::vector<SegmentFile> found;
        for (const auto& [name, octets] : files)
            if (const auto parsed = parse_segment_file_name(name))
                found.push_back({*parsed, octets.size()});
        std::ranges::sort(found, {}, [](const auto& file) { return file.name.number; });
        return found;
    }
    Result<uint64_t> read(const SegmentName& name, uint64_t offset,
                          std::span<uint8_t> room) override {
        const std::string path = segment_file_name(name.number, name.kind);
        std::copy_n(files.at(path).begin() + static_cast<ptrdiff_t>(offset), room.size(),
                    room.begin());
        if (!bad.contains(path)) return 0;
        std::ranges::fill(room.subspan(kSegmentBlock, kSegmentBlock), kUnreadable);
        return kSegmentBlock;
    }
    Result<std::vector<uint8_t>> read_file(const std::string& name) override {
        return files.contains(name) ? files.at(name) : std::vector<uint8_t>{};
    }
};

// A body's own segment, as it is committed; fills in what the message's record says of it.
inline std::vector<uint8_t> sample_own_segment(uint32_t number, const std::string& body,
                                               uint32_t record_floor, MessageRecord& record) {
    constexpr size_t kBegin = 3 * kSegmentBlock;
    constexpr uint32_t kPrefix = 10;
    std::vector<uint8_t> octets((kBegin + body.size()) / kSegmentBlock * kSegmentBlock +
                                kSegmentBlock);
    const std::span<uint8_t> written = std::span(octets).subspan(kBegin - kPrefix, body.size());
    std::ranges::copy(body, written.begin());
    SegmentHeader header;
    header.kind = SegmentKind::own;
    header.number = number;
    header.body = {.id = record.id,
                   .offset = kBegin - kPrefix,
                   .size = body.size(),
                   .prefix_size = kPrefix,
                   .prefix_crc = crc32c(written.first(kPrefix)),
                   .body_crc = crc32c(written.subspan(kPrefix)),
                   .record_floor = record_floor};
    record.is_inline = false;
    record.body = {number, header.body.offset, header.body.size};
    record.prefix_size = kPrefix;
    record.prefix_crc = header.body.prefix_crc;
    record.body_crc = header.body.body_crc;
    encode_segment_header(header, std::span(octets).first<kSegmentBlock>());
    return octets;
}

}  // namespace gatepost::storage
