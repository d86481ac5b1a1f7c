#include "dataplane/store/open_segments.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "storage/message_log/segment_header.h"

namespace gatepost::dataplane {

Task<OpenSegments::File> OpenSegments::find(uint32_t segment, int32_t& error) {
    if (auto found = open_.find(segment); found != open_.end()) {
        used_.splice(used_.begin(), used_, found->second.place);
        co_return found->second.file;
    }
    OpenedFile opened =
        co_await directory_.open(storage::segment_file_name(segment, storage::SegmentKind::log));
    if (!opened.file && opened.error == -ENOENT)
        opened = co_await directory_.open(
            storage::segment_file_name(segment, storage::SegmentKind::own));
    error = opened.error;
    if (!opened.file) co_return nullptr;
    File file = std::move(opened.file);
    // Another reader may have opened it meanwhile.
    forget(segment);
    if (open_.size() >= kOpenMax) {
        open_.erase(used_.back());
        used_.pop_back();
    }
    used_.push_front(segment);
    open_[segment] = {file, used_.begin()};
    co_return file;
}

void OpenSegments::forget(uint32_t segment) {
    const auto found = open_.find(segment);
    if (found == open_.end()) return;
    used_.erase(found->second.place);
    open_.erase(found);
}

Task<int64_t> OpenSegments::read(uint32_t segment, uint64_t offset, std::span<uint8_t> room) {
    int32_t error = 0;
    File file = co_await find(segment, error);
    if (!file) co_return error;
    auto memory =
        std::make_shared<AlignedBuffer>(std::min(kPiece, std::max<size_t>(room.size(), 1)));
    size_t done = 0;
    while (done < room.size()) {
        const size_t wanted = std::min(memory->size(), room.size() - done);
        int32_t got = co_await file->read(memory, wanted, offset + done);
        if (got < 0) co_return got;
        if (got == 0) break;
        std::memcpy(room.data() + done, memory->data(), static_cast<size_t>(got));
        done += static_cast<size_t>(got);
    }
    co_return static_cast<int64_t>(done);
}

}  // namespace gatepost::dataplane
