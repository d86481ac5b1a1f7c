#include "dataplane/stream/stream.h"

#include <cerrno>

#include "dataplane/tls/tls_context.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

using storage::StreamEnd;

Stream::Stream(StreamHost& host, StreamTransport& transport)
    : host_(host),
      transport_(transport),
      arrived_(host.buffers),
      plain_out_(host.buffers),
      out_(host.buffers),
      sending_(host.buffers) {}

Stream::~Stream() {
    release_input();
}

// ---- waiting

void Stream::expect_within(uint64_t ms) {
    expired_ = false;
    host_.timers.set(*this, ms == 0 ? 0 : now_ms() + ms);
}

void Stream::expired() {
    expired_ = true;
    if (waiting_ != Waiting::nobody) wake(StreamStatus::timeout);
}

void Stream::interrupt() {
    if (waiting_ != Waiting::input) {
        woken_ = true;
        return;
    }
    wake(StreamStatus::woken);
}

void Stream::wait(std::coroutine_handle<> waiter, Waiting what, size_t amount) {
    GATEPOST_CHECK(waiting_ == Waiting::nobody);
    waiter_ = waiter;
    waiting_ = what;
    amount_ = amount;
    if (what != Waiting::output && !receiving_ && !connection_ended_) {
        receiving_ = true;
        transport_.start_receive();
    }
}

void Stream::wake(StreamStatus outcome) {
    outcome_ = outcome;
    waiting_ = Waiting::nobody;
    std::exchange(waiter_, nullptr).resume();
}

// Every wait from now on gives `status`; the one under way does so at once.
void Stream::fail(StreamStatus status) {
    if (failure_ == StreamStatus::ok) failure_ = status;
    if (waiting_ != Waiting::nobody) wake(failure_);
}

// ---- output

bool Stream::append(Bytes octets) {
    if (!tls_) return out_.append(octets);
    return plain_out_.append(octets);
}

uint8_t* Stream::reserve(size_t octets) {
    return (tls_ ? plain_out_ : out_).reserve(octets);
}

void Stream::append_reserved(size_t octets) {
    (tls_ ? plain_out_ : out_).append_reserved(octets);
}

void Stream::append_close_notify() {
    if (tls_ && tls_ready_ && failure_ == StreamStatus::ok && encrypt()) tls_->close_notify();
}

void Stream::shutdown_write() {
    if (!send_under_way_ && failure_ != StreamStatus::reset) transport_.shutdown_write();
}

bool Stream::encrypt() {
    while (!plain_out_.empty()) {
        Bytes piece = plain_out_.front();
        if (!tls_->write(piece)) return false;
        plain_out_.consume(piece.size());
    }
    return true;
}

// Hands to the transport what can be.
void Stream::commit() {
    if (tls_ready_ && !plain_out_.empty() && !encrypt()) {
        plain_out_.clear();
        fail(StreamStatus::no_memory);
        return;
    }
    if (!send_under_way_) send_more();
}

void Stream::send_more() {
    sending_.splice(out_);
    if (sending_.empty()) return;
    iovec parts[kSendPartsMax];
    size_t count = sending_.gather(parts);
    send_under_way_ = true;
    transport_.send(std::span(parts, count));
}

std::optional<StreamStatus> Stream::output_status(size_t unsent_max) {
    if (failure_ == StreamStatus::ok) commit();
    if (failure_ != StreamStatus::ok) {
        // The alert that says why is let go still.
        if (failure_ != StreamStatus::tls_failed || !send_under_way_) return failure_;
        plain_out_.clear();
    }
    if (unsent() <= unsent_max) return StreamStatus::ok;
    if (expired_) return StreamStatus::timeout;
    return std::nullopt;
}

void Stream::on_sent(int32_t result) {
    send_under_way_ = false;
    if (result <= 0) {
        sending_.clear();
        out_.clear();
        plain_out_.clear();
        fail(StreamStatus::reset);
        return;
    }
    sent_octets_ += static_cast<uint64_t>(result);
    storage::count(host_.counters.sent_octets, static_cast<uint64_t>(result));
    sending_.consume(static_cast<size_t>(result));
    send_more();
    if (waiting_ == Waiting::output && unsent() <= amount_) wake(StreamStatus::ok);
}

// ---- TLS

Stream::Handshake Stream::start_tls(TlsContext& context) {
    GATEPOST_CHECK(!tls_ && waiting_ == Waiting::nobody);
    ChunkQueue first(host_.buffers);
    bool kept = first.append(input());
    first.splice(arrived_);
    arrived_.splice(first);
    release_input();
    tls_ = TlsSession::accept(context, *this);
    if (!kept || !tls_) failure_ = StreamStatus::no_memory;
    return Handshake(*this);
}

std::optional<StreamStatus> Stream::handshake_status() {
    if (failure_ != StreamStatus::ok) return failure_;
    while (!arrived_.empty() && !tls_ready_) {
        size_t before = arrived_.front().size();
        tls_->feed(arrived_.front());
        TlsStatus status = tls_->handshake();
        size_t used = before - tls_->unread().size();
        tls_->feed({});
        arrived_.consume(used);
        if (status == TlsStatus::done) tls_ready_ = true;
        if (status == TlsStatus::failed || status == TlsStatus::closed ||
            (status == TlsStatus::want_input && used == 0))
            failure_ = StreamStatus::tls_failed;
        if (failure_ != StreamStatus::ok) break;
    }
    if (!send_under_way_) send_more();  // the handshake's messages, or the alert
    if (failure_ != StreamStatus::ok) return failure_;
    if (tls_ready_) return StreamStatus::ok;
    if (ended_) return StreamStatus::end;
    if (expired_) return StreamStatus::timeout;
    return std::nullopt;
}

void Stream::take_handshake(Bytes octets) {
    if (!arrived_.append(octets)) return fail(StreamStatus::no_memory);
    if (auto status = handshake_status()) wake(*status);
}

// ---- the end

std::optional<StreamStatus> Stream::linger_status() {
    release_input();
    arrived_.clear();
    if (failure_ == StreamStatus::reset) return failure_;
    if (connection_ended_) return StreamStatus::end;
    if (expired_) return StreamStatus::timeout;
    return std::nullopt;
}

void Stream::on_receive_end(int error) {
    receiving_ = false;
    ended_ = connection_ended_ = true;
    if (error != 0 && failure_ == StreamStatus::ok) failure_ = StreamStatus::reset;
    switch (waiting_) {
        case Waiting::nobody:
            return;
        case Waiting::input:
            if (auto status = input_status(amount_)) wake(*status);
            return;
        case Waiting::handshake:
            return wake(failure_ != StreamStatus::ok ? failure_ : StreamStatus::end);
        case Waiting::output:
            if (failure_ == StreamStatus::reset) wake(failure_);
            return;
        case Waiting::connection_end:
            return wake(error == 0 ? StreamStatus::end : StreamStatus::reset);
    }
}

void Stream::close() {
    waiter_ = nullptr;
    waiting_ = Waiting::nobody;
    failure_ = StreamStatus::reset;
    host_.timers.set(*this, 0);
    transport_.close();
}

void Stream::on_closed() {
    closed(*this, closed_argument);
}

}  // namespace gatepost::dataplane
