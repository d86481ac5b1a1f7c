#include "storage/delivery/compaction_frames.h"

#include "storage/delivery/delivery_frames.h"

namespace gatepost::storage {

namespace {

// Octets in a frame. Offsets and sizes lie within a segment: 32 bits are enough.
constexpr size_t kSourceOctets = 4 + 4;
constexpr size_t kLiveBodyOctets = 8 + 8 + 4 + 4;
constexpr size_t kCopiedBodyOctets = 4 * 4;
constexpr size_t kSegmentNameOctets = 4 + 1;
static_assert(kCopyBodiesMax * (kLiveBodyOctets + kSourceOctets) < size_t{2} << 20);

// A count of items of so many octets each: against one that would take memory before its octets
// were seen to be missing.
size_t take_count(ByteReader& reader, size_t item_octets) {
    const size_t count = reader.u32();
    if (count <= reader.left() / item_octets) return count;
    reader.fail();
    return 0;
}

template <typename Frame>
Result<Frame> whole(const ByteReader& reader, Frame frame) {
    if (reader.ok() && reader.at_end()) return frame;
    return fail(ErrorCode::invalid, "a frame about compaction is malformed");
}

}  // namespace

Status append_frame(std::vector<uint8_t>& out, const CopyBodies& request) {
    const size_t begin = begin_frame(out, FrameVerb::copy_bodies);
    ByteWriter writer(out);
    writer.u64(request.sequence);
    writer.u32(static_cast<uint32_t>(request.sources.size()));
    for (const CopyBodies::Source& source : request.sources) {
        writer.u32(source.segment);
        writer.u32(static_cast<uint32_t>(source.bodies.size()));
        for (const LiveBody& body : source.bodies) {
            writer.u64(body.id.high);
            writer.u64(body.id.low);
            writer.u32(static_cast<uint32_t>(body.offset));
            writer.u32(static_cast<uint32_t>(body.size));
        }
    }
    return end_frame(out, begin);
}

Status append_frame(std::vector<uint8_t>& out, const BodiesCopied& answer) {
    const size_t begin = begin_frame(out, FrameVerb::bodies_copied);
    ByteWriter writer(out);
    writer.u64(answer.sequence);
    const std::string_view error = cut_text(answer.error, kReasonMax);
    writer.u8(answer.is_source_bad ? 1 : 0);
    writer.u16(static_cast<uint16_t>(error.size()));
    writer.bytes({reinterpret_cast<const uint8_t*>(error.data()), error.size()});
    writer.u32(static_cast<uint32_t>(answer.bodies.size()));
    for (const CopiedBody& body : answer.bodies) {
        writer.u32(body.from_segment);
        writer.u32(body.from_offset);
        writer.u32(body.to_segment);
        writer.u32(body.to_offset);
    }
    return end_frame(out, begin);
}

Status append_frame(std::vector<uint8_t>& out, const DropSegments& request) {
    const size_t begin = begin_frame(out, FrameVerb::drop_segments);
    ByteWriter writer(out);
    writer.u8(request.removes ? 1 : 0);
    writer.u32(static_cast<uint32_t>(request.segments.size()));
    for (const SegmentName& name : request.segments) {
        writer.u32(name.number);
        writer.u8(static_cast<uint8_t>(name.kind));
    }
    return end_frame(out, begin);
}

Result<CopyBodies> decode_copy_bodies(Bytes payload) {
    ByteReader reader(payload);
    CopyBodies request;
    request.sequence = reader.u64();
    for (size_t sources = take_count(reader, kSourceOctets); sources > 0 && reader.ok();
         --sources) {
        CopyBodies::Source source;
        source.segment = reader.u32();
        for (size_t left = take_count(reader, kLiveBodyOctets); left > 0 && reader.ok(); --left) {
            LiveBody body;
            body.id.high = reader.u64();
            body.id.low = reader.u64();
            body.offset = reader.u32();
            body.size = reader.u32();
            source.bodies.push_back(body);
        }
        request.sources.push_back(std::move(source));
    }
    return whole(reader, std::move(request));
}

Result<BodiesCopied> decode_bodies_copied(Bytes payload) {
    ByteReader reader(payload);
    BodiesCopied answer;
    answer.sequence = reader.u64();
    const uint8_t is_source_bad = reader.u8();
    answer.is_source_bad = is_source_bad == 1;
    const size_t error = reader.u16();
    if (error > kReasonMax || is_source_bad > 1) reader.fail();
    const Bytes text = reader.ok() ? reader.bytes(error) : Bytes();
    answer.error.assign(text.begin(), text.end());
    for (size_t left = take_count(reader, kCopiedBodyOctets); left > 0 && reader.ok(); --left) {
        CopiedBody body;
        body.from_segment = reader.u32();
        body.from_offset = reader.u32();
        body.to_segment = reader.u32();
        body.to_offset = reader.u32();
        answer.bodies.push_back(body);
    }
    return whole(reader, std::move(answer));
}

Result<DropSegments> decode_drop_segments(Bytes payload) {
    ByteReader reader(payload);
    DropSegments request;
    const uint8_t removes = reader.u8();
    if (removes > 1) reader.fail();
    request.removes = removes == 1;
    for (size_t left = take_count(reader, kSegmentNameOctets); left > 0 && reader.ok(); --left) {
        SegmentName name;
        name.number = reader.u32();
        const uint8_t kind = reader.u8();
        if (kind != static_cast<uint8_t>(SegmentKind::log) &&
            kind != static_cast<uint8_t>(SegmentKind::own))
            reader.fail();
        name.kind = static_cast<SegmentKind>(kind);
        request.segments.push_back(name);
    }
    return whole(reader, std::move(request));
}

}  // namespace gatepost::storage
