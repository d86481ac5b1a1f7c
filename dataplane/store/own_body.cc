#include "dataplane/store/own_body.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dataplane/store/segment_maker.h"
#include "storage/base/crc32c.h"

namespace gatepost::dataplane {

namespace {

// Where the body begins: behind the header and room for the longest prefix.
constexpr uint64_t kBodyOffset = storage::kSegmentBlock + MessageStore::kPrefixMax;
static_assert(kBodyOffset % storage::kSegmentBlock == 0);

}  // namespace

OwnBody::OwnBody(StoreDirectory& directory, uint32_t number, uint32_t edge)
    : directory_(directory),
      number_(number),
      edge_(edge),
      name_(storage::segment_file_name(number, storage::SegmentKind::own)) {}

OwnBody::~OwnBody() {
    // Closed first: the kernel then frees the blocks in a thread of its own, as it unlinks.
    const bool is_there = file_ != nullptr;
    file_.reset();
    if (is_there && !is_kept_) directory_.unlink(name_);
}

Task<int32_t> OwnBody::create() {
    if (number_ == 0) co_return -EOVERFLOW;  // there are no more numbers
    OpenedFile opened = co_await directory_.create_segment(name_);
    if (!opened.file) co_return opened.error;
    file_ = std::move(opened.file);
    chunk_ = std::make_shared<AlignedBuffer>(kChunk);
    co_return 0;
}

Task<int32_t> OwnBody::write(SharedBuffer memory, size_t size, uint64_t offset) {
    int32_t written = co_await file_->write(std::move(memory), size, offset, Durability::later);
    if (written < 0) co_return written;
    co_return static_cast<size_t>(written) == size ? 0 : -ENOSPC;
}

Task<int32_t> OwnBody::add(Bytes octets) {
    while (!octets.empty()) {
        const size_t piece = std::min(octets.size(), chunk_->size() - filled_);
        std::memcpy(chunk_->data() + filled_, octets.data(), piece);
        body_crc_ = crc32c(octets.first(piece), body_crc_);
        filled_ += piece;
        octets = octets.subspan(piece);
        if (filled_ < chunk_->size()) break;
        int32_t written = co_await write(chunk_, filled_, kBodyOffset + written_);
        if (written < 0) co_return written;
        written_ += filled_;
        filled_ = 0;
    }
    co_return 0;
}

Task<int32_t> OwnBody::finish(Bytes prefix, const storage::BlobId& id, uint32_t record_floor) {
    header_ = {.id = id,
               .offset = kBodyOffset - prefix.size(),
               .size = prefix.size() + written_ + filled_,
               .prefix_size = static_cast<uint32_t>(prefix.size()),
               .prefix_crc = crc32c(prefix),
               .body_crc = body_crc_,
               .record_floor = record_floor};
    auto front = std::make_shared<AlignedBuffer>(kBodyOffset);
    std::ranges::fill(front->octets(), uint8_t{0});
    storage::SegmentHeader header;
    header.kind = storage::SegmentKind::own;
    header.number = number_;
    header.edge = edge_;
    header.created_us = wall_clock_us();
    header.salt = draw_salt();
    header.body = header_;
    storage::encode_segment_header(header, front->octets().first<storage::kSegmentBlock>());
    std::ranges::copy(prefix, front->data() + header_.offset);
    if (filled_ > 0) {
        constexpr size_t kBlock = storage::kSegmentBlock;
        const size_t size = (filled_ + kBlock - 1) / kBlock * kBlock;
        std::fill_n(chunk_->data() + filled_, size - filled_, uint8_t{0});
        int32_t written = co_await write(chunk_, size, kBodyOffset + written_);
        if (written < 0) co_return written;
    }
    // The body is durable before the header says so.
    int32_t body_synced = co_await file_->sync();
    if (body_synced < 0) co_return body_synced;
    int32_t headed = co_await write(front, kBodyOffset, 0);
    if (headed < 0) co_return headed;
    int32_t synced = co_await file_->sync();
    if (synced < 0) co_return synced;
    chunk_.reset();
    int32_t named = co_await directory_.sync();
    co_return named;
}

storage::MessageRecord OwnBody::record() const {
    storage::MessageRecord record;
    record.id = header_.id;
    record.is_inline = false;
    record.body = {number_, header_.offset, header_.size};
    record.prefix_size = header_.prefix_size;
    record.prefix_crc = header_.prefix_crc;
    record.body_crc = header_.body_crc;
    return record;
}

}  // namespace gatepost::dataplane
