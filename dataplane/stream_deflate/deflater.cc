#include "dataplane/stream_deflate/deflater.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "dataplane/stream_deflate/compression_limits.h"
#include "storage/arena/stream_counters.h"

namespace gatepost::dataplane {

namespace {

constexpr size_t kStoredMax = 65'535;  // octets of a stored block (RFC 1951 §3.2.4)

// RFC 1951 §3.2.3, §3.2.4: not the last one, of no compression; both lengths follow.
constexpr uint8_t kStoredBlock = 0;
// RFC 1951 §3.2.6: the last one, of fixed codes, with nothing but its end.
constexpr std::array<uint8_t, 2> kLastBlock = {0x03, 0x00};

}  // namespace

Deflater::Deflater(CompressionCounters& counters) : counters_(counters) {}

Deflater::~Deflater() {
    drop();
}

void Deflater::drop() {
    if (state_ == nullptr) return;
    ::deflateEnd(state_.get());
    state_.reset();
    unflushed_ = false;
    counters_.deflating.store(counters_.deflating.load(std::memory_order_relaxed) - 1,
                              std::memory_order_relaxed);
}

// False: there are too many, or the system has no memory.
bool Deflater::wake() {
    if (counters_.deflating.load(std::memory_order_relaxed) >= kDeflatersMax) return false;
    auto state = std::make_unique<z_stream>();
    if (::deflateInit2(state.get(), kDeflateLevel, Z_DEFLATED, -kDeflateWindowBits,
                       kDeflateMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    state_ = std::move(state);
    storage::count(counters_.deflating);
    return true;
}

bool Deflater::append(Bytes octets, Stream& out) {
    storage::count(counters_.sent, octets.size());
    return out.append(octets);
}

bool Deflater::run(Bytes octets, int flush, Stream& out) {
    std::array<uint8_t, 4096> made;
    state_->next_in = const_cast<uint8_t*>(octets.data());
    state_->avail_in = static_cast<uInt>(octets.size());
    do {
        state_->next_out = made.data();
        state_->avail_out = made.size();
        // Z_BUF_ERROR: there was nothing left to do.
        ::deflate(state_.get(), flush);
        const size_t count = made.size() - state_->avail_out;
        if (count != 0 && !append(Bytes(made.data(), count), out)) return false;
    } while (state_->avail_out == 0);
    return true;
}

// A block begins with an octet of its own: the one before it was flushed, or stored too.
bool Deflater::store(Bytes octets, Stream& out) {
    storage::count(counters_.stored, octets.size());
    while (!octets.empty()) {
        const Bytes block = octets.first(std::min(octets.size(), kStoredMax));
        const auto length = static_cast<uint16_t>(block.size());
        const auto inverse = static_cast<uint16_t>(~length);
        const std::array<uint8_t, 5> head = {
            kStoredBlock, static_cast<uint8_t>(length), static_cast<uint8_t>(length >> 8),
            static_cast<uint8_t>(inverse), static_cast<uint8_t>(inverse >> 8)};
        if (!append(head, out) || !append(block, out)) return false;
        octets = octets.subspan(block.size());
    }
    return true;
}

bool Deflater::write(Bytes octets, Stream& out) {
    if (octets.empty()) return true;
    storage::count(counters_.said, octets.size());
    if (state_ == nullptr && !wake()) return store(octets, out);
    unflushed_ = true;
    return run(octets, Z_NO_FLUSH, out);
}

bool Deflater::flush(Stream& out) {
    if (!unflushed_) return true;
    unflushed_ = false;
    return run({}, Z_SYNC_FLUSH, out);
}

bool Deflater::finish(Stream& out) {
    if (state_ == nullptr) return append(kLastBlock, out);
    const bool done = run({}, Z_FINISH, out);
    drop();
    return done;
}

bool Deflater::rest() {
    if (state_ == nullptr || unflushed_) return false;
    drop();
    return true;
}

}  // namespace gatepost::dataplane
