#include "dataplane/store/segment_maker.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "dataplane/reactor/awaitable.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

// Zeros are written in pieces of so many octets: large enough for the disk, small enough that the
// batches that go on meanwhile do not wait behind one.
constexpr size_t kZerosOctets = size_t{1} << 20;
// After a failure. A full disk is looked at again this often.
constexpr uint64_t kRetryMs = 1000;

}  // namespace

uint64_t draw_salt() {
    uint64_t salt = 0;
    ssize_t got;
    do {
        got = ::getrandom(&salt, sizeof salt, 0);
    } while (got < 0 && errno == EINTR);
    GATEPOST_CHECK(got == sizeof salt);
    return salt;
}

int64_t wall_clock_us() {
    using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::system_clock;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

SegmentMaker::SegmentMaker(StoreDirectory& directory, TimerWheel& timers, LogNumbers& numbers,
                           StoreCounters& counters, Signal& changed, uint64_t segment_octets,
                           uint32_t edge)
    : directory_(directory),
      timers_(timers),
      numbers_(numbers),
      counters_(counters),
      changed_(changed),
      segment_octets_(segment_octets),
      edge_(edge) {}

void SegmentMaker::start() {
    task_ = run();
    task_.start();
}

std::optional<LogSegment> SegmentMaker::take() {
    std::optional<LogSegment> taken = std::exchange(ready_, std::nullopt);
    if (taken) wanted_.notify();
    return taken;
}

Task<> SegmentMaker::run() {
    for (;;) {
        LogSegment segment;
        int32_t made = co_await make(segment);
        if (made < 0) {
            ++counters_.segment_failures;
            error_ = made;
            changed_.notify();
            co_await Delay(timers_, kRetryMs);
            continue;
        }
        ++counters_.segments;
        error_ = 0;
        ready_ = std::move(segment);
        changed_.notify();
        while (ready_) co_await Signal::Wait(wanted_);
    }
}

Task<int32_t> SegmentMaker::make(LogSegment& segment) {
    segment.identity.number = numbers_.take();
    if (segment.identity.number == 0) co_return -EOVERFLOW;
    next_number_ = segment.identity.number;
    segment.identity.salt = draw_salt();
    segment.size = segment_octets_;
    const std::string name =
        storage::segment_file_name(segment.identity.number, storage::SegmentKind::log);
    OpenedFile opened = co_await directory_.create_segment(name);
    if (!opened.file) co_return opened.error;
    segment.file = std::move(opened.file);
    int32_t filled = co_await fill(segment);
    if (filled < 0) {
        segment.file.reset();
        directory_.unlink(name);
    }
    co_return filled;
}

// Every octet is written once before the first batch: later writes then change no metadata, and
// their O_DSYNC costs the journal of the file system nothing.
Task<int32_t> SegmentMaker::fill(LogSegment& segment) {
    int32_t allocated = co_await segment.file->allocate(segment.size);
    // A file system without fallocate(2) finds out that it is full as it writes.
    if (allocated < 0 && allocated != -EOPNOTSUPP) co_return allocated;
    auto zeros = std::make_shared<AlignedBuffer>(std::min<uint64_t>(kZerosOctets, segment.size));
    std::ranges::fill(zeros->octets(), uint8_t{0});
    for (uint64_t at = 0; at < segment.size;) {
        const size_t piece = std::min<uint64_t>(zeros->size(), segment.size - at);
        int32_t written = co_await segment.file->write(zeros, piece, at, Durability::later);
        if (written < 0) co_return written;
        if (static_cast<size_t>(written) != piece) co_return -ENOSPC;
        at += piece;
    }
    storage::SegmentHeader header;
    header.number = segment.identity.number;
    header.edge = edge_;
    header.size = segment.size;
    header.created_us = wall_clock_us();
    header.salt = segment.identity.salt;
    auto block = std::make_shared<AlignedBuffer>(storage::kSegmentBlock);
    storage::encode_segment_header(header, block->octets().first<storage::kSegmentBlock>());
    int32_t written =
        co_await segment.file->write(block, storage::kSegmentBlock, 0, Durability::later);
    if (written < 0) co_return written;
    if (written != storage::kSegmentBlock) co_return -ENOSPC;
    int32_t synced = co_await segment.file->sync();
    if (synced < 0) co_return synced;
    int32_t named = co_await directory_.sync();
    co_return named;
}

}  // namespace gatepost::dataplane
