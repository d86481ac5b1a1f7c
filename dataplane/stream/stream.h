// One connection's octets as a protocol sees them: in order, plain or under TLS, with a deadline.
// Protocol code is a coroutine over this and nothing else, so that it runs over a socket and over
// memory alike.
//
//     stream.expect_within(options.idle_ms);
//     for (;;) {
//         StreamStatus status = co_await stream.fill();
//         if (status != StreamStatus::ok) break;
//         size_t used = parse(stream.input());
//         stream.consume(used);
//         if (!stream.append(reply)) break;                 // the worker's buffers are all in use
//         status = co_await stream.push(kReplyOctetsMax);
//         if (status != StreamStatus::ok) break;
//     }
//
// One coroutine waits at a time. What input() gave is valid until the next co_await. Whatever comes
// while nobody waits is kept, up to a bound beyond which nothing is received: TCP slows the peer
// down.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>

#include "dataplane/reactor/timer_wheel.h"
#include "dataplane/stream/chunk_queue.h"
#include "dataplane/stream/transport.h"
#include "dataplane/tls/tls_session.h"

namespace gatepost::dataplane {

enum class StreamStatus : uint8_t {
    ok,
    end,         // the peer sends no more; what came before has been given
    timeout,     // the deadline has passed
    woken,       // by interrupt()
    too_long,    // input_max octets wait to be consumed
    reset,       // the connection is broken
    tls_failed,  // what came is no TLS, or TLS ended it
    no_memory,   // the worker's buffers are all in use
};

// What the streams of a worker have in common.
struct StreamHost {
    BufferPool& buffers;
    TimerWheel& timers;
    storage::StreamCounters& counters;
};

class Stream final : public TransportUser, private Timer, private TlsSink {
  public:
    static constexpr size_t kInputMax = 16 << 10;  // octets, unless set otherwise

    Stream(StreamHost& host, StreamTransport& transport);
    ~Stream() override;

    // ---- input
    Bytes input() const { return Bytes(input_data_, input_length_); }
    void consume(size_t octets);
    // At most this many octets wait to be consumed; up to BufferPool::largest().
    void set_input_max(size_t octets) { input_max_ = octets; }

    class Fill;
    class Until;
    class Push;
    class Handshake;
    class Linger;
    // Waits until there is more in input() than now.
    Fill fill();
    // Waits until input() has at least that many octets. `end` with fewer: the peer sends no more.
    Until until(size_t octets);

    // ---- output
    // Puts the octets behind what waits to be sent. False: no memory; end the connection.
    [[nodiscard]] bool append(Bytes octets);
    // Room for at most `octets` (up to BufferPool::largest()) to be written and then appended by
    // append_reserved(); nullptr: no memory.
    uint8_t* reserve(size_t octets);
    void append_reserved(size_t octets);
    // What was appended so far fills TLS records of its own: its reader need not wait for what
    // comes behind it. False: no memory.
    [[nodiscard]] bool end_record() { return !tls_ready_ || encrypt(); }
    // Octets that have not gone to the kernel yet.
    size_t unsent() const { return plain_out_.size() + out_.size() + sending_.size(); }
    // Sends what was appended; waits only while more than `unsent_max` octets are left.
    Push push(size_t unsent_max = 0);

    // ---- TLS
    // From here on everything is under TLS, this side being the server. What has come already and
    // was not consumed is taken for the beginning of the handshake: commands that somebody slipped
    // in behind STARTTLS make it fail (CVE-2011-0411).
    Handshake start_tls(TlsContext& context);
    const TlsSession* tls() const { return tls_.get(); }

    // ---- waiting
    // The deadline of every wait from now on, until set anew: milliseconds from now; 0: none. Once
    // it has passed, every further wait that cannot be satisfied at once gives `timeout`, too.
    void expect_within(uint64_t ms);
    // Ends a fill() or until() that is under way, or the next one, with `woken`.
    void interrupt();

    // ---- the end
    // Appends TLS's word that no more will come (close_notify).
    void append_close_notify();
    // The same for the connection as a whole (FIN), once everything has been sent.
    void shutdown_write();
    // By its word in TLS, or the connection's end.
    bool peer_has_ended() const { return ended_; }
    // Throws away what comes until the connection's end (`end`), whatever has happened to TLS.
    Linger linger();
    // For whoever owns the stream: no coroutine waits any more, and closed() will follow.
    void close();
    void (*closed)(Stream&, void*) = nullptr;  // called last
    void* closed_argument = nullptr;

    uint64_t now_ms() const { return host_.timers.now_ms(); }
    uint64_t received_octets() const { return received_octets_; }
    uint64_t sent_octets() const { return sent_octets_; }

    // ---- TransportUser
    void on_received(Bytes octets) override;
    void on_receive_end(int error) override;
    void on_sent(int32_t result) override;
    void on_closed() override;

  private:
    enum class Waiting : uint8_t { nobody, input, output, handshake, connection_end };

    // What a wait of that kind gives at once; nullopt: it has to wait.
    std::optional<StreamStatus> input_status(size_t needed);
    std::optional<StreamStatus> output_status(size_t unsent_max);
    std::optional<StreamStatus> handshake_status();
    std::optional<StreamStatus> linger_status();
    void wait(std::coroutine_handle<> waiter, Waiting what, size_t amount);
    void wake(StreamStatus outcome);
    void expired() override;

    bool keep(Bytes octets);
    bool add_input(Bytes octets);
    Chunk* input_room(size_t octets);
    void show_input();
    void release_input();
    void keep_borrowed();
    void settle_input();
    void pull();
    bool decrypt(Bytes ciphertext);
    bool read_plaintext();
    void take_input(Bytes octets);
    void take_handshake(Bytes octets);

    bool take(Bytes ciphertext) override { return out_.append(ciphertext); }
    bool encrypt();
    void commit();
    void send_more();
    void fail(StreamStatus status);

    StreamHost& host_;
    StreamTransport& transport_;
    std::coroutine_handle<> waiter_;
    size_t amount_ = 0;  // of input that is needed, or of output that may be left
    Waiting waiting_ = Waiting::nobody;
    StreamStatus outcome_ = StreamStatus::ok;
    StreamStatus failure_ = StreamStatus::ok;  // what every further wait gives
    bool receiving_ = false;
    bool send_under_way_ = false;
    bool ended_ = false;             // the peer sends no more
    bool tls_ended_ = false;         // because it said so in TLS
    bool connection_ended_ = false;  // for the transport
    bool woken_ = false;
    bool expired_ = false;
    bool borrowed_ = false;        // input() is the transport's memory, until on_received returns
    bool plaintext_left_ = false;  // in the TLS session
    bool tls_ready_ = false;

    const uint8_t* input_data_ = nullptr;
    size_t input_length_ = 0;
    size_t input_max_ = kInputMax;
    Chunk* input_ = nullptr;
    ChunkQueue arrived_;    // what came while nobody waited, or there was no room
    ChunkQueue plain_out_;  // to be encrypted
    ChunkQueue out_;
    ChunkQueue sending_;
    std::unique_ptr<TlsSession> tls_;
    uint64_t received_octets_ = 0;
    uint64_t sent_octets_ = 0;
};

// What fill(), until(), push(), start_tls() and linger() give to co_await.
class Stream::Fill {
  public:
    Fill(Stream& stream, size_t needed) : stream_(stream), needed_(needed) {}
    bool await_ready() {
        auto status = stream_.input_status(needed_);
        if (status) stream_.outcome_ = *status;
        return status.has_value();
    }
    void await_suspend(std::coroutine_handle<> waiter) {
        stream_.wait(waiter, Waiting::input, needed_);
    }
    StreamStatus await_resume() const { return stream_.outcome_; }

  private:
    Stream& stream_;
    size_t needed_;
};

class Stream::Until : public Stream::Fill {
  public:
    using Fill::Fill;
};

class Stream::Push {
  public:
    Push(Stream& stream, size_t unsent_max) : stream_(stream), unsent_max_(unsent_max) {}
    bool await_ready() {
        auto status = stream_.output_status(unsent_max_);
        if (status) stream_.outcome_ = *status;
        return status.has_value();
    }
    void await_suspend(std::coroutine_handle<> waiter) {
        stream_.wait(waiter, Waiting::output, unsent_max_);
    }
    StreamStatus await_resume() const { return stream_.outcome_; }

  private:
    Stream& stream_;
    size_t unsent_max_;
};

class Stream::Handshake {
  public:
    explicit Handshake(Stream& stream) : stream_(stream) {}
    bool await_ready() {
        auto status = stream_.handshake_status();
        if (status) stream_.outcome_ = *status;
        return status.has_value();
    }
    void await_suspend(std::coroutine_handle<> waiter) {
        stream_.wait(waiter, Waiting::handshake, 0);
    }
    StreamStatus await_resume() const { return stream_.outcome_; }

  private:
    Stream& stream_;
};

class Stream::Linger {
  public:
    explicit Linger(Stream& stream) : stream_(stream) {}
    bool await_ready() {
        auto status = stream_.linger_status();
        if (status) stream_.outcome_ = *status;
        return status.has_value();
    }
    void await_suspend(std::coroutine_handle<> waiter) {
        stream_.wait(waiter, Waiting::connection_end, 0);
    }
    StreamStatus await_resume() const { return stream_.outcome_; }

  private:
    Stream& stream_;
};

inline Stream::Fill Stream::fill() {
    return Fill(*this, input_length_ + 1);
}
inline Stream::Until Stream::until(size_t octets) {
    return Until(*this, octets);
}
inline Stream::Push Stream::push(size_t unsent_max) {
    return Push(*this, unsent_max);
}
inline Stream::Linger Stream::linger() {
    return Linger(*this);
}

}  // namespace gatepost::dataplane
