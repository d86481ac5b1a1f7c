// A stream that may become a compressed one (RFC 4978): above TLS, below the protocol, which speaks
// to it as to a Stream. Until then, and if it never does, it is the Stream and nothing else.
//
//     Stream                  octets of the connection, after TLS
//     Inflater, Deflater      raw deflate, once compression has begun
//     input(), append()       what the protocol says and hears
//
// What is appended while compressed waits in the compressor until flush(): before whoever speaks
// waits for its peer. What comes is inflated as it is asked for, kInflatedMax octets at a time:
// limits of lines and literals are those of the octets they stand for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "dataplane/stream/stream.h"
#include "dataplane/stream_deflate/compression_counters.h"
#include "dataplane/stream_deflate/compression_limits.h"
#include "dataplane/stream_deflate/deflater.h"
#include "dataplane/stream_deflate/inflater.h"

namespace gatepost::dataplane {

class CompressibleStream {
  public:
    // Both outlive it.
    CompressibleStream(Stream& stream, CompressionCounters& counters);
    ~CompressibleStream();
    CompressibleStream(const CompressibleStream&) = delete;
    CompressibleStream& operator=(const CompressibleStream&) = delete;

    // ---- compression
    // What is said, until end_compression().
    bool is_compressed() const { return deflater_ != nullptr; }
    // False: this worker has too many compressed connections; counted.
    bool can_begin();
    // From here on both directions are compressed. What has come and was not consumed is the
    // beginning of the compressed stream.
    void begin_compression();
    // RFC 8437 §4.1: what is appended from here on is not compressed, and neither is what comes
    // behind the flush that ended what was consumed last. False: no memory.
    [[nodiscard]] bool end_compression();
    // Ends what is said: nothing will be appended any more. False: no memory.
    [[nodiscard]] bool end_output();
    // What came was no deflate stream: every wait for input gives `reset`.
    bool is_broken() const { return broken_; }
    // So much has been inflated without a wait that others should have their turn.
    bool owes_turn() const { return inflated_in_turn_ >= kInflatedPerTurn; }
    void give_turn() { inflated_in_turn_ = 0; }
    // Something has been said since the last rest(), which gives back what a silent connection can
    // do without. False: it is not silent, there is more in input() now.
    bool can_rest() const { return active_; }
    bool rest();

    // ---- input, as Stream has it
    Bytes input() const { return inflater_ == nullptr ? stream_.input() : inflated(); }
    void consume(size_t octets);
    class Fill;
    // Waits for more than is in input() now. `ok`: perhaps there is: octets may come that stand for
    // nothing yet.
    Fill fill();
    void interrupt() { stream_.interrupt(); }
    bool peer_has_ended() const { return stream_.peer_has_ended() || ended_; }

    // ---- output, as Stream has it
    [[nodiscard]] bool append(Bytes octets) {
        if (deflater_ == nullptr) return stream_.append(octets);
        active_ = true;
        return deflater_->write(octets, stream_);
    }
    // What was appended can be read by the peer as soon as it is sent. False: no memory.
    [[nodiscard]] bool flush() { return deflater_ == nullptr || deflater_->flush(stream_); }
    // Octets on their way to the kernel: without what waits for flush().
    size_t unsent() const { return stream_.unsent(); }
    Stream::Push push(size_t unsent_max = 0) { return stream_.push(unsent_max); }

    // ---- the rest of it
    Stream::Handshake start_tls(TlsContext& context) { return stream_.start_tls(context); }
    const TlsSession* tls() const { return stream_.tls(); }
    void expect_within(uint64_t ms) { stream_.expect_within(ms); }
    uint64_t now_ms() const { return stream_.now_ms(); }
    // For what is read and written before compression begins.
    Stream& plain() { return stream_; }

  private:
    Bytes inflated() const { return Bytes(room_.get() + begin_, end_ - begin_); }
    // `ok`: there is more in input(); nullopt: more has to come; else it has ended.
    std::optional<StreamStatus> inflate();
    StreamStatus fail();
    bool ends_here() const;
    bool make_room();
    void count_out();

    Stream& stream_;
    CompressionCounters& counters_;
    std::unique_ptr<Inflater> inflater_;  // none: what comes is not compressed
    std::unique_ptr<Deflater> deflater_;
    std::unique_ptr<uint8_t[]> room_;  // kInflatedMax octets, while some wait to be consumed
    size_t begin_ = 0;
    size_t end_ = 0;
    size_t inflated_in_turn_ = 0;
    bool active_ = false;
    bool ending_ = false;  // the peer compresses nothing new
    bool ended_ = false;   // the peer has ended its compressed stream
    bool broken_ = false;
    bool counted_ = false;
};

class CompressibleStream::Fill {
  public:
    explicit Fill(CompressibleStream& stream) : stream_(stream) {}
    bool await_ready() {
        if (stream_.inflater_ != nullptr) {
            outcome_ = stream_.inflate();
            if (outcome_) return true;
        }
        return inner_.emplace(stream_.stream_.fill()).await_ready();
    }
    void await_suspend(std::coroutine_handle<> waiter) {
        stream_.inflated_in_turn_ = 0;
        inner_->await_suspend(waiter);
    }
    StreamStatus await_resume() {
        if (outcome_) return *outcome_;
        const StreamStatus status = inner_->await_resume();
        if (status != StreamStatus::ok || stream_.inflater_ == nullptr) return status;
        return stream_.inflate().value_or(StreamStatus::ok);
    }

  private:
    CompressibleStream& stream_;
    std::optional<StreamStatus> outcome_;
    std::optional<Stream::Fill> inner_;
};

inline CompressibleStream::Fill CompressibleStream::fill() {
    return Fill(*this);
}

}  // namespace gatepost::dataplane
