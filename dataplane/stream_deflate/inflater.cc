#include "dataplane/stream_deflate/inflater.h"

#include <zlib.h>

#include "dataplane/stream_deflate/compression_limits.h"

namespace gatepost::dataplane {

namespace {

// inflate() says in data_type where it has stopped.
constexpr int kUnusedBits = 63;  // of the last octet
constexpr int kInLastBlock = 64;
constexpr int kBlockEnd = 128;

Inflater::Status end_of(int code) {
    switch (code) {
        case Z_OK:
        case Z_BUF_ERROR:  // there was nothing to be done
            return Inflater::Status::ok;
        case Z_STREAM_END:
            return Inflater::Status::ended;
        case Z_MEM_ERROR:
            return Inflater::Status::no_memory;
        default:
            return Inflater::Status::broken;
    }
}

}  // namespace

Inflater::Inflater() = default;
Inflater::~Inflater() = default;

void Inflater::End::operator()(z_stream_s* state) const {
    ::inflateEnd(state);
    delete state;
}

bool Inflater::wake() {
    auto state = std::make_unique<z_stream>();
    if (::inflateInit2(state.get(), -kInflateWindowBits) != Z_OK) return false;
    state_.reset(state.release());
    if (history_.empty()) return true;
    if (::inflateSetDictionary(state_.get(), history_.data(), static_cast<uInt>(history_.size())) !=
        Z_OK)
        return false;
    history_ = {};
    return true;
}

Inflater::Step Inflater::inflate(Bytes input, std::span<uint8_t> room) {
    Step step{.status = end_};
    if (end_ != Status::ok || room.empty() || (input.empty() && !has_more_)) return step;
    if (state_ == nullptr && !wake()) {
        step.status = end_ = Status::no_memory;
        return step;
    }
    z_stream& state = *state_;
    state.next_in = const_cast<uint8_t*>(input.data());
    state.avail_in = static_cast<uInt>(input.size());
    state.next_out = room.data();
    state.avail_out = static_cast<uInt>(room.size());
    for (;;) {
        const int code = ::inflate(&state, Z_BLOCK);
        end_ = end_of(code);
        if (code != Z_OK || state.avail_out == 0) break;
        const bool block_ends = (state.data_type & kBlockEnd) != 0;
        // That the last block was the last one, zlib says when it is asked once more.
        if (block_ends && (state.data_type & kInLastBlock) != 0) continue;
        if (state.avail_in == 0 || block_ends) break;
    }
    step.used = input.size() - state.avail_in;
    step.made = room.size() - state.avail_out;
    has_more_ = state.avail_out == 0;
    if (step.used != 0 || step.made != 0)
        between_blocks_ = (state.data_type & (kBlockEnd | kUnusedBits)) == kBlockEnd;
    if (step.made == 0) step.status = end_;
    if (end_ != Status::ok) state_.reset();
    return step;
}

bool Inflater::rest() {
    if (state_ == nullptr || !between_blocks_ || has_more_) return false;
    uInt octets = 0;
    if (::inflateGetDictionary(state_.get(), nullptr, &octets) != Z_OK) return false;
    history_ = std::vector<uint8_t>(octets);
    if (octets != 0) ::inflateGetDictionary(state_.get(), history_.data(), &octets);
    state_.reset();
    return true;
}

}  // namespace gatepost::dataplane
