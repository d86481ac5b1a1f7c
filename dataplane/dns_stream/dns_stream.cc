#include "dataplane/dns_stream/dns_stream.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace gatepost::dataplane {

namespace {

using storage::Drop;
using storage::StreamEnd;
using storage::WorkerCounters;

constexpr size_t kLengthSize = 2;                // RFC 1035 §4.2.2
constexpr size_t kMessageMin = 12;               // octets: a header (RFC 1035 §4.1.1)
constexpr size_t kMessageMax = 65'535;           // octets
constexpr size_t kUnsentMax = size_t{32} << 10;  // octets of replies; no more queries beyond

}  // namespace

Result<ReplyScratch> ReplyScratch::create() {
    void* memory = ::mmap(nullptr, kBurstMax * kStride, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return fail(ErrorCode::refused, "reserving memory for replies: {}", std::strerror(errno));
    ReplyScratch scratch;
    scratch.memory_ = static_cast<uint8_t*>(memory);
    return scratch;
}

ReplyScratch& ReplyScratch::operator=(ReplyScratch&& other) noexcept {
    std::swap(memory_, other.memory_);
    return *this;
}

ReplyScratch::~ReplyScratch() {
    if (memory_ != nullptr) ::munmap(memory_, kBurstMax * kStride);
}

void DnsStream::drop(Drop reason) {
    WorkerCounters::add(counters_.dropped[static_cast<size_t>(reason)], 1);
}

// RFC 7766 §6.2.3: a server may shorten the idle time when it runs short of places.
uint64_t DnsStream::idle_ms(const Session& session) const {
    return session.crowded ? options_.idle_ms / 4 : options_.idle_ms;
}

// Complete frames at the beginning of the input, at most `most`; gives their number. `broken`: what
// follows them is none.
size_t DnsStream::take_frames(Session& session, size_t most, bool& broken) {
    Bytes input = session.stream.input();
    size_t taken = 0;
    size_t count = 0;
    while (count < most && input.size() - taken >= kLengthSize) {
        size_t length = load_be16(input.data() + taken);  // RFC 7766 §8
        broken = length < kMessageMin;
        if (broken || input.size() - taken < kLengthSize + length) break;
        burst_[count] = Exchange{.query = input.data() + taken + kLengthSize,
                                 .query_length = static_cast<uint16_t>(length),
                                 .reply_capacity = static_cast<uint16_t>(kMessageMax),
                                 .transport = options_.transport,
                                 .family = session.client.family,
                                 .reply = scratch_.reply(count),
                                 .client = session.client.octets};
        taken += kLengthSize + length;
        ++count;
    }
    return count;
}

bool DnsStream::append_reply(Stream& stream, const Exchange& exchange) {
    uint16_t length = exchange.reply_length;
    if (length == 0) return true;
    uint8_t* at = stream.reserve(kLengthSize + length);
    if (at == nullptr) return false;
    store_be16(at, length);
    std::memcpy(at + kLengthSize, exchange.reply, length);
    stream.append_reserved(kLengthSize + length);
    return true;
}

// Answers complete frames until there are none, or enough replies wait. What a client that does not
// read can make us hold is a reply more than that: the rest of the burst is answered anew later,
// and the next burst is as large as it turned out to be of use.
DnsStream::Progress DnsStream::answer_frames(Session& session, size_t& burst_max) {
    Stream& stream = session.stream;
    for (;;) {
        bool broken = false;
        const size_t count = take_frames(session, burst_max, broken);
        if (count != 0) answerer_.answer(std::span(burst_.data(), count));
        size_t used = 0;
        size_t octets = 0;
        while (used < count && stream.unsent() <= kUnsentMax) {
            if (!append_reply(stream, burst_[used])) return Progress::no_memory;
            octets += kLengthSize + burst_[used++].query_length;
        }
        stream.consume(octets);
        received_ += used;
        if (used < count) {
            burst_max = used;
            return Progress::more;
        }
        burst_max = std::min(burst_max * 2, kBurstMax);
        if (broken) return Progress::broken;
        if (count == 0) return Progress::done;
        if (stream.unsent() > kUnsentMax) return Progress::more;
    }
}

Task<> DnsStream::serve(Session& session) {
    Stream& stream = session.stream;
    stream.set_input_max(kLengthSize + kMessageMax);
    bool in_frame = false;
    size_t burst_max = kBurstMax;
    for (;;) {
        size_t before = stream.input().size();
        Progress progress = answer_frames(session, burst_max);
        bool advanced = stream.input().size() != before;
        if (progress == Progress::no_memory) {
            session.end = StreamEnd::no_memory;
            co_return;
        }
        if (advanced || before == 0) stream.expect_within(idle_ms(session));
        StreamStatus status = co_await stream.push(kUnsentMax);
        if (status != StreamStatus::ok) {
            if (status == StreamStatus::timeout || status == StreamStatus::reset)
                drop(status == StreamStatus::reset ? Drop::send_failed : Drop::tcp_idle);
            session.end =
                status == StreamStatus::timeout ? StreamEnd::not_read : stream_end(status);
            co_return;
        }
        if (progress == Progress::broken) {
            // Whatever follows cannot be told apart any more: the replies so far, then the end.
            drop(Drop::tcp_framing);
            session.end = StreamEnd::protocol;
            co_return;
        }
        if (progress == Progress::more) continue;
        bool partial = !stream.input().empty();
        if (session.draining && !partial) {
            session.end = StreamEnd::drained;
            co_return;
        }
        if (partial && (!in_frame || advanced)) stream.expect_within(options_.frame_ms);
        in_frame = partial;
        status = co_await stream.fill();
        // Woken to end: in the middle of a query, the rest of it may still come.
        if (status == StreamStatus::ok || status == StreamStatus::woken) continue;
        // RFC 7766 §6.2.4: what came before the end of the client's side has been answered.
        session.end = stream_end(status);
        if (status == StreamStatus::timeout) {
            drop(Drop::tcp_idle);
            if (partial) session.end = StreamEnd::deadline;
        }
        co_return;
    }
}

}  // namespace gatepost::dataplane
