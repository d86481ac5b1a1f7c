#include "storage/message_log/segment_reader.h"

#include <algorithm>

namespace gatepost::storage {

namespace {

constexpr size_t kRecordSaltAt = 16;  // in a record

constexpr uint64_t next_block(uint64_t offset) {
    return offset / kSegmentBlock * kSegmentBlock + kSegmentBlock;
}

bool is_zero(Bytes octets) {
    return std::ranges::all_of(octets, [](uint8_t octet) { return octet == 0; });
}

}  // namespace

SegmentReader::SegmentReader(Bytes segment, uint32_t number)
    : segment_(segment), header_(decode_segment_header(segment)) {
    if (header_ && (header_->number != number || header_->kind != SegmentKind::log))
        header_.reset();
    identity_.number = number;
    if (header_) {
        identity_.salt = header_->salt;
        readable_ = true;
        return;
    }
    if (!is_zero(segment.first(std::min(segment.size(), kSegmentBlock))))
        damage_.push_back({0, std::min<uint64_t>(segment.size(), kSegmentBlock), false});
    // The first record is where nobody but the log writes: it knows the salt too.
    if (segment.size() < kSegmentBlock + kRecordHeader) return;
    identity_.salt = load_be64(segment.data() + kSegmentBlock + kRecordSaltAt);
    readable_ = record_at(kSegmentBlock).has_value();
}

std::optional<Record> SegmentReader::record_at(uint64_t offset) const {
    return read_record(segment_.subspan(offset), identity_, offset);
}

std::optional<Record> SegmentReader::next() {
    while (readable_ && at_ + kRecordHeader <= segment_.size()) {
        // Behind the last record of a batch there are zeros up to the next block.
        const Bytes head = segment_.subspan(at_, kRecordAlignment);
        if (is_zero(head)) {
            at_ = next_block(at_);
            continue;
        }
        std::optional<Record> record = record_at(at_);
        if (!record) {
            skip_damage();
            continue;
        }
        missing_ += static_cast<uint16_t>(record->sequence - sequence_);
        sequence_ = static_cast<uint16_t>(record->sequence + 1);
        at_ += record->size;
        used_ = at_;
        return record;
    }
    return std::nullopt;
}

// To the next record. One that lies in the damaged octets is none of a message's own: it has the
// segment's salt.
void SegmentReader::skip_damage() {
    const uint64_t begin = at_;
    uint64_t end = begin + kRecordAlignment;  // of what is not zero
    bool found = false;
    for (at_ = end; at_ + kRecordHeader <= segment_.size(); at_ += kRecordAlignment) {
        const uint8_t* octets = segment_.data() + at_;
        if (at_ % kSegmentBlock == 0 &&
            is_zero(
                segment_.subspan(at_, std::min<uint64_t>(kSegmentBlock, segment_.size() - at_)))) {
            at_ = next_block(at_) - kRecordAlignment;
            continue;
        }
        if (load_be32(octets) == kRecordMagic && record_at(at_)) {
            found = true;
            break;
        }
        end = at_ + kRecordAlignment;
    }
    end = std::min<uint64_t>(end, segment_.size());
    if (!found) {
        at_ = segment_.size();
        used_ = next_block(end - 1);
    }
    damage_.push_back({begin, (found ? at_ : end) - begin, !found});
}

}  // namespace gatepost::storage
