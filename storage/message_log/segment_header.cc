#include "storage/message_log/segment_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "storage/base/check.h"
#include "storage/base/crc32c.h"

namespace gatepost::storage {

namespace {

constexpr std::array<uint8_t, 8> kMagic = {'G', 'P', 'M', 'A', 'I', 'L', '\r', '\n'};
constexpr size_t kChecked = 16;  // octets before what the checksum is over
constexpr size_t kDigits = 8;
constexpr std::string_view kLogSuffix = ".seg";
constexpr std::string_view kOwnSuffix = ".big";

}  // namespace

void encode_segment_header(const SegmentHeader& header, std::span<uint8_t, kSegmentBlock> block) {
    std::vector<uint8_t> octets;
    ByteWriter out(octets);
    out.bytes(kMagic);
    out.u32(kSegmentVersion);
    out.u32(0);  // the checksum
    out.u32(header.number);
    out.u32(header.edge);
    out.u8(static_cast<uint8_t>(header.kind));
    out.bytes(std::array<uint8_t, 7>{});
    out.u64(header.size);
    out.u64(static_cast<uint64_t>(header.created_us));
    out.u64(header.salt);
    out.u64(header.body.id.high);
    out.u64(header.body.id.low);
    out.u64(header.body.offset);
    out.u64(header.body.size);
    out.u32(header.body.prefix_crc);
    out.u32(header.body.body_crc);
    out.u32(header.body.record_floor);
    out.u32(header.body.prefix_size);
    std::ranges::fill(block, uint8_t{0});
    std::ranges::copy(octets, block.begin());
    store_be32(block.data() + kMagic.size() + 4, crc32c(block.subspan(kChecked)));
}

std::optional<SegmentHeader> decode_segment_header(Bytes block) {
    if (block.size() < kSegmentBlock) return std::nullopt;
    ByteReader in(block.first(kSegmentBlock));
    if (!std::ranges::equal(in.bytes(kMagic.size()), kMagic)) return std::nullopt;
    if (in.u32() != kSegmentVersion) return std::nullopt;
    if (in.u32() != crc32c(block.first(kSegmentBlock).subspan(kChecked))) return std::nullopt;
    SegmentHeader header;
    header.number = in.u32();
    header.edge = in.u32();
    const uint8_t kind = in.u8();
    if (kind != static_cast<uint8_t>(SegmentKind::log) &&
        kind != static_cast<uint8_t>(SegmentKind::own))
        return std::nullopt;
    header.kind = static_cast<SegmentKind>(kind);
    in.bytes(7);
    header.size = in.u64();
    header.created_us = static_cast<int64_t>(in.u64());
    header.salt = in.u64();
    header.body.id.high = in.u64();
    header.body.id.low = in.u64();
    header.body.offset = in.u64();
    header.body.size = in.u64();
    header.body.prefix_crc = in.u32();
    header.body.body_crc = in.u32();
    header.body.record_floor = in.u32();
    header.body.prefix_size = in.u32();
    return header;
}

bool is_own_body_whole(Bytes file, const OwnBody& body) {
    if (body.offset > file.size() || body.size > file.size() - body.offset ||
        body.prefix_size > body.size)
        return false;
    const Bytes octets = file.subspan(body.offset, body.size);
    return crc32c(octets.first(body.prefix_size)) == body.prefix_crc &&
           crc32c(octets.subspan(body.prefix_size)) == body.body_crc;
}

std::string segment_file_name(uint32_t number, SegmentKind kind) {
    return fmt::format("{:08x}{}", number, kind == SegmentKind::log ? kLogSuffix : kOwnSuffix);
}

std::optional<SegmentName> parse_segment_file_name(std::string_view name) {
    SegmentName parsed;
    if (name.ends_with(kLogSuffix)) {
        parsed.kind = SegmentKind::log;
    } else if (name.ends_with(kOwnSuffix)) {
        parsed.kind = SegmentKind::own;
    } else {
        return std::nullopt;
    }
    if (name.size() != kDigits + kLogSuffix.size()) return std::nullopt;
    auto [end, error] = std::from_chars(name.data(), name.data() + kDigits, parsed.number, 16);
    // Only the spelling that a segment gets: two names of one number would be two segments.
    if (error != std::errc{} || segment_file_name(parsed.number, parsed.kind) != name)
        return std::nullopt;
    return parsed;
}

}  // namespace gatepost::storage
