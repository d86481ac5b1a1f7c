#include "storage/delivery/frame.h"

#include <algorithm>
#include <cstring>

namespace gatepost::storage {

namespace {

constexpr size_t kRoomMin = size_t{4} << 10;     // octets that are read at once, at least
constexpr size_t kBufferMin = size_t{64} << 10;  // octets; what a reader keeps when it is idle

bool is_verb(uint8_t verb) {
    return verb >= static_cast<uint8_t>(FrameVerb::deliver) &&
           verb <= static_cast<uint8_t>(FrameVerb::drop_segments);
}

}  // namespace

size_t begin_frame(std::vector<uint8_t>& out, FrameVerb verb) {
    const size_t begin = out.size();
    ByteWriter writer(out);
    writer.u32(0);
    writer.u8(kFrameVersion);
    writer.u8(static_cast<uint8_t>(verb));
    return begin;
}

Status end_frame(std::vector<uint8_t>& out, size_t begin) {
    const size_t payload = out.size() - begin - kFrameHead;
    if (payload > kFramePayloadMax) {
        out.resize(begin);
        return fail(ErrorCode::invalid, "a frame of {} octets is too long; at most {}", payload,
                    kFramePayloadMax);
    }
    store_be32(out.data() + begin, static_cast<uint32_t>(payload));
    return {};
}

std::span<uint8_t> FrameReader::room() {
    const size_t needed = std::max(wanted_, left() + kRoomMin);
    if (left() == 0) begin_ = end_ = 0;
    if (begin_ > 0 && buffer_.size() - begin_ < needed) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, left());
        end_ -= begin_;
        begin_ = 0;
    }
    // The room of a long frame is not kept for ever.
    if (left() == 0 && buffer_.size() > kBufferMin) buffer_ = {};
    if (buffer_.size() < begin_ + needed) buffer_.resize(std::max(kBufferMin, begin_ + needed));
    return std::span(buffer_).subspan(end_);
}

Result<std::optional<Frame>> FrameReader::next() {
    wanted_ = kFrameHead;
    if (left() < kFrameHead) return std::nullopt;
    const uint8_t* head = buffer_.data() + begin_;
    const size_t length = load_be32(head);
    if (length > kFramePayloadMax)
        return fail(ErrorCode::invalid, "a frame says it has {} octets; at most {}", length,
                    kFramePayloadMax);
    if (head[4] != kFrameVersion || !is_verb(head[5]))
        return fail(ErrorCode::invalid, "a frame of version {} and verb {} is not known", head[4],
                    head[5]);
    wanted_ = kFrameHead + length;
    if (left() < wanted_) return std::nullopt;
    begin_ += kFrameHead + length;
    return Frame{static_cast<FrameVerb>(head[5]), Bytes(head + kFrameHead, length)};
}

}  // namespace gatepost::storage
