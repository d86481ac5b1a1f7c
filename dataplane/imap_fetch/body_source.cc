#include "dataplane/imap_fetch/body_source.h"

#include <cerrno>

#include "storage/base/check.h"

namespace gatepost::dataplane {

Task<bool> BodySource::read(uint64_t offset, std::span<uint8_t> room) {
    while (!room.empty()) {
        const int64_t got = co_await store_.read_body(body_, offset, room);
        if (got == -ENOENT && has_moved()) continue;
        // Nothing in the middle of a body: the segment has lost its end.
        if (got <= 0 || static_cast<uint64_t>(got) > room.size()) co_return false;
        offset += static_cast<uint64_t>(got);
        room = room.subspan(static_cast<size_t>(got));
    }
    co_return true;
}

// Each time to another place: it ends when the index names one that is not there.
bool BodySource::has_moved() {
    const auto now = find_again_ ? find_again_() : std::nullopt;
    if (!now || *now == body_ || now->size != body_.size) return false;
    body_ = *now;
    return true;
}

Task<bool> BodySource::hold(Extent extent) {
    GATEPOST_CHECK(extent.size <= kPieceMax && extent.end() <= body_.size);
    if (holds(extent)) co_return true;
    held_ = {};
    held_octets_ = std::make_unique_for_overwrite<uint8_t[]>(extent.size);
    const std::span<uint8_t> room(held_octets_.get(), extent.size);
    const bool is_read = co_await read(extent.offset, room);
    if (is_read) held_ = extent;
    co_return is_read;
}

Task<bool> BodySource::get(Extent extent, Bytes& piece) {
    GATEPOST_CHECK(extent.size <= kPieceMax && extent.end() <= body_.size);
    if (holds(extent)) {
        piece = Bytes(held_octets_.get() + (extent.offset - held_.offset), extent.size);
        co_return true;
    }
    if (piece_size_ < extent.size) {
        piece_ = std::make_unique_for_overwrite<uint8_t[]>(extent.size);
        piece_size_ = extent.size;
    }
    const std::span<uint8_t> room(piece_.get(), extent.size);
    piece = room;
    const bool is_read = co_await read(extent.offset, room);
    co_return is_read;
}

}  // namespace gatepost::dataplane
