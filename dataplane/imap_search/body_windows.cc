#include "dataplane/imap_search/body_windows.h"

#include <algorithm>
#include <tuple>

namespace gatepost::dataplane {
namespace {

// Octets between two messages that are rather read than skipped: at some GB/s they cost less than
// another read.
constexpr uint64_t kGapMax = 16 << 10;

}  // namespace

Task<int64_t> read_octets(MessageStore& store, storage::BodyLocation body, uint64_t offset,
                          uint64_t size, uint8_t* room) {
    uint64_t got = 0;
    while (got < size) {
        const std::span<uint8_t> rest(room + got, size - got);
        const int64_t more = co_await store.read_body(body, offset + got, rest);
        if (more < 0) co_return -1;
        if (more == 0) break;
        got += static_cast<uint64_t>(more);
    }
    co_return static_cast<int64_t>(got);
}

BodyWindows::BodyWindows(MessageStore& store, std::vector<WantedOctets> wanted)
    : store_(store), wanted_(std::move(wanted)) {
    std::ranges::sort(wanted_, {}, [](const WantedOctets& one) {
        return std::tuple(one.segment, one.offset, one.uid);
    });
    if (!wanted_.empty()) room_ = std::make_unique_for_overwrite<uint8_t[]>(kOctetsMax);
}

Task<bool> BodyWindows::next() {
    begin_ = end_;
    got_ = 0;
    if (begin_ == wanted_.size()) co_return false;
    const WantedOctets& first = wanted_[begin_];
    uint64_t behind = first.offset + first.size;
    for (++end_; end_ < wanted_.size(); ++end_) {
        const WantedOctets& one = wanted_[end_];
        const uint64_t one_behind = std::max(behind, one.offset + one.size);
        if (one.segment != first.segment || one.offset > behind + kGapMax ||
            one_behind - first.offset > kOctetsMax)
            break;
        behind = one_behind;
    }
    const storage::BodyLocation span{first.segment, first.offset, behind - first.offset};
    if (span.size > kOctetsMax) co_return true;
    const int64_t got = co_await read_octets(store_, span, 0, span.size, room_.get());
    got_ = static_cast<uint64_t>(std::max<int64_t>(got, 0));
    co_return true;
}

Bytes BodyWindows::octets(size_t i) const {
    const WantedOctets& one = wanted(i);
    const uint64_t at = one.offset - wanted_[begin_].offset;
    if (at >= got_) return {};
    return Bytes(room_.get() + at, std::min(one.size, got_ - at));
}

}  // namespace gatepost::dataplane
