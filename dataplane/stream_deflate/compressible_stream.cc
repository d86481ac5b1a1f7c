#include "dataplane/stream_deflate/compressible_stream.h"

#include <cstring>
#include <utility>

#include "dataplane/stream_deflate/compression_limits.h"
#include "storage/arena/stream_counters.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

CompressibleStream::CompressibleStream(Stream& stream, CompressionCounters& counters)
    : stream_(stream), counters_(counters) {}

CompressibleStream::~CompressibleStream() {
    count_out();
}

bool CompressibleStream::can_begin() {
    if (counters_.compressed.load(std::memory_order_relaxed) < kCompressedMax) return true;
    storage::count(counters_.refused);
    return false;
}

void CompressibleStream::begin_compression() {
    GATEPOST_CHECK(inflater_ == nullptr && deflater_ == nullptr);
    inflater_ = std::make_unique<Inflater>();
    deflater_ = std::make_unique<Deflater>(counters_);
    storage::count(counters_.begun);
    storage::count(counters_.compressed);
    counted_ = true;
}

void CompressibleStream::count_out() {
    if (!std::exchange(counted_, false)) return;
    counters_.compressed.store(counters_.compressed.load(std::memory_order_relaxed) - 1,
                               std::memory_order_relaxed);
}

bool CompressibleStream::end_output() {
    if (deflater_ == nullptr) return true;
    const bool done = deflater_->finish(stream_);
    deflater_.reset();
    return done;
}

bool CompressibleStream::end_compression() {
    GATEPOST_CHECK(inflater_ != nullptr);
    ending_ = true;
    count_out();
    // What follows must not be compressed: nobody sees it.
    if (!inflated().empty()) {
        consume(inflated().size());
        fail();
    }
    return end_output();
}

bool CompressibleStream::rest() {
    // What the peer's flush has ended with may wait to be looked at.
    if (inflater_ != nullptr && inflate() == StreamStatus::ok) return false;
    active_ = false;
    bool rested = inflater_ != nullptr && inflater_->rest();
    if (deflater_ != nullptr && deflater_->rest()) rested = true;
    if (rested) storage::count(counters_.rested);
    return true;
}

void CompressibleStream::consume(size_t octets) {
    if (inflater_ == nullptr) return stream_.consume(octets);
    GATEPOST_CHECK(octets <= end_ - begin_);
    begin_ += octets;
    if (begin_ != end_) return;
    room_.reset();
    begin_ = end_ = 0;
}

// Where its flush has ended a peer goes on with text (RFC 8437 §4.1): no block that is left of the
// flush begins like that, as it has nothing in it.
bool CompressibleStream::ends_here() const {
    if (inflater_->has_ended()) return true;
    const Bytes input = stream_.input();
    return inflater_->is_between_blocks() && !input.empty() && input.front() >= ' ';
}

// False: it is full.
bool CompressibleStream::make_room() {
    if (room_ == nullptr) room_ = std::make_unique_for_overwrite<uint8_t[]>(kInflatedMax);
    if (begin_ != 0) {
        std::memmove(room_.get(), room_.get() + begin_, end_ - begin_);
        end_ -= std::exchange(begin_, 0);
    }
    return end_ != kInflatedMax;
}

StreamStatus CompressibleStream::fail() {
    if (!std::exchange(broken_, true)) storage::count(counters_.broken);
    return StreamStatus::reset;
}

std::optional<StreamStatus> CompressibleStream::inflate() {
    while (!broken_) {
        if (ending_ && ends_here()) {
            inflater_.reset();
            room_.reset();
            ending_ = false;
            if (stream_.input().empty()) return std::nullopt;
            return StreamStatus::ok;
        }
        const Bytes input = stream_.input();
        if (input.empty() && !inflater_->has_more()) {
            if (begin_ == end_) room_.reset();
            return std::nullopt;
        }
        if (!make_room()) return StreamStatus::too_long;
        const Inflater::Step step =
            inflater_->inflate(input, {room_.get() + end_, kInflatedMax - end_});
        stream_.consume(step.used);
        storage::count(counters_.received, step.used);
        storage::count(counters_.inflated, step.made);
        active_ = true;
        if (step.status == Inflater::Status::no_memory) return StreamStatus::no_memory;
        if (step.status == Inflater::Status::broken || (ending_ && step.made != 0)) break;
        if (step.made != 0) {
            end_ += step.made;
            inflated_in_turn_ += step.made;
            return StreamStatus::ok;
        }
        if (step.status == Inflater::Status::ended && !ending_) {
            ended_ = true;
            return StreamStatus::end;
        }
    }
    return fail();
}

}  // namespace gatepost::dataplane
