// How octets come from the transport into input(): as they lie, where somebody waits for them and
// nothing is in front of them; else through arrived_.
#include <algorithm>
#include <cstring>

#include "dataplane/stream/stream.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

// What may wait for a coroutine that does something else; beyond it nothing is received.
constexpr size_t kArrivedMax = 16 << 10;  // octets

}  // namespace

void Stream::consume(size_t octets) {
    GATEPOST_CHECK(octets <= input_length_);
    if (octets == 0) return;
    input_data_ += octets;
    input_length_ -= octets;
    if (borrowed_) return;
    input_->begin += static_cast<uint32_t>(octets);
    if (input_length_ == 0) release_input();
}

void Stream::release_input() {
    if (input_ != nullptr) host_.buffers.give(std::exchange(input_, nullptr));
    borrowed_ = false;
    input_data_ = nullptr;
    input_length_ = 0;
}

void Stream::show_input() {
    input_data_ = input_->data() + input_->begin;
    input_length_ = input_->length();
}

// The chunk of the input, with room for `octets` more behind it; nullptr: no memory.
Chunk* Stream::input_room(size_t octets) {
    if (input_ == nullptr) {
        input_ = host_.buffers.take(octets);
        return input_;
    }
    if (input_->room() >= octets) return input_;
    const size_t length = input_->length();
    if (input_->size - length >= octets) {
        std::memmove(input_->data(), input_->data() + input_->begin, length);
    } else {
        Chunk* larger = host_.buffers.take(length + octets);
        if (larger == nullptr) return nullptr;
        std::memcpy(larger->data(), input_->content().data(), length);
        host_.buffers.give(std::exchange(input_, larger));
    }
    input_->begin = 0;
    input_->end = static_cast<uint32_t>(length);
    show_input();
    return input_;
}

bool Stream::add_input(Bytes octets) {
    if (octets.empty()) return true;
    Chunk* chunk = input_room(octets.size());
    if (chunk == nullptr) return false;
    std::memcpy(chunk->data() + chunk->end, octets.data(), octets.size());
    chunk->end += static_cast<uint32_t>(octets.size());
    show_input();
    return true;
}

// What the session has left of the transport's memory goes into our own.
void Stream::keep_borrowed() {
    if (!borrowed_) return;
    Bytes rest = input();
    release_input();
    if (!add_input(rest)) failure_ = StreamStatus::no_memory;
}

// The transport's memory goes now: what is left of it is kept, or whoever waits is told.
void Stream::settle_input() {
    keep_borrowed();
    if (failure_ == StreamStatus::no_memory && waiting_ != Waiting::nobody) wake(failure_);
}

// Keeps octets for later; nothing more is received once there are many.
bool Stream::keep(Bytes octets) {
    if (!arrived_.append(octets)) {
        failure_ = StreamStatus::no_memory;
        return false;
    }
    if (arrived_.size() > kArrivedMax && receiving_) {
        receiving_ = false;
        transport_.stop_receive();
    }
    return true;
}

// Reads from TLS into the input while there is room. False: failed, or no memory.
bool Stream::read_plaintext() {
    constexpr size_t kReadMin = 2048;  // octets of room that a read is worth
    while (input_length_ < input_max_) {
        size_t wanted = std::min(kReadMin, input_max_ - input_length_);
        Chunk* chunk = input_room(wanted);
        if (chunk == nullptr) {
            failure_ = StreamStatus::no_memory;
            return false;
        }
        size_t room = std::min(chunk->room(), input_max_ - input_length_);
        size_t length = 0;
        TlsStatus status = tls_->read({chunk->data() + chunk->end, room}, length);
        if (status == TlsStatus::done) {
            chunk->end += static_cast<uint32_t>(length);
            show_input();
            plaintext_left_ = true;  // perhaps
            continue;
        }
        plaintext_left_ = false;
        if (input_length_ == 0) release_input();
        if (status == TlsStatus::closed) ended_ = tls_ended_ = true;
        if (status == TlsStatus::failed) failure_ = StreamStatus::tls_failed;
        // An alert, or the answer to a change of keys (RFC 8446 §4.6.3).
        if (!out_.empty() && !send_under_way_) send_more();
        return status != TlsStatus::failed;
    }
    return true;
}

// Gives what did not fit back to arrived_.
bool Stream::decrypt(Bytes ciphertext) {
    tls_->feed(ciphertext);
    bool fine = read_plaintext();
    Bytes rest = tls_->unread();
    tls_->feed({});
    return fine && (rest.empty() || tls_ended_ || keep(rest));
}

// Moves what arrived while nobody waited into the input, as far as there is room.
void Stream::pull() {
    if (tls_ready_ && plaintext_left_ && input_length_ < input_max_ && !read_plaintext()) return;
    while (!arrived_.empty() && input_length_ < input_max_ && failure_ == StreamStatus::ok) {
        Bytes piece = arrived_.front();
        if (tls_ready_) {
            tls_->feed(piece);
            bool fine = read_plaintext();
            arrived_.consume(piece.size() - tls_->unread().size());
            tls_->feed({});
            if (!fine) return;
            if (tls_ended_) return arrived_.clear();  // nothing can come behind that
            continue;
        }
        size_t count = std::min(piece.size(), input_max_ - input_length_);
        if (!add_input(piece.first(count))) {
            failure_ = StreamStatus::no_memory;
            return;
        }
        arrived_.consume(count);
    }
}

std::optional<StreamStatus> Stream::input_status(size_t needed) {
    keep_borrowed();
    if (input_length_ < needed && failure_ != StreamStatus::no_memory) pull();
    if (input_length_ >= needed) return StreamStatus::ok;
    if (failure_ != StreamStatus::ok) return failure_;
    if (ended_ && arrived_.empty() && !plaintext_left_) return StreamStatus::end;
    if (std::exchange(woken_, false)) return StreamStatus::woken;
    if (expired_) return StreamStatus::timeout;
    if (input_length_ >= input_max_) return StreamStatus::too_long;
    return std::nullopt;
}

void Stream::take_input(Bytes octets) {
    if (tls_ready_) {
        decrypt(octets);
    } else if (input_length_ == 0) {
        release_input();
        Bytes shown = octets.first(std::min(octets.size(), input_max_));
        input_data_ = shown.data();
        input_length_ = shown.size();
        borrowed_ = true;
        keep(octets.subspan(shown.size()));
    } else {
        size_t count = std::min(octets.size(), input_max_ - input_length_);
        if (!add_input(octets.first(count)) || !keep(octets.subspan(count)))
            failure_ = StreamStatus::no_memory;
    }
}

void Stream::on_received(Bytes octets) {
    received_octets_ += octets.size();
    storage::count(host_.counters.received_octets, octets.size());
    if (failure_ != StreamStatus::ok || tls_ended_ || octets.empty()) return;
    if (waiting_ == Waiting::connection_end) return;
    if (waiting_ == Waiting::handshake) return take_handshake(octets);
    if (waiting_ != Waiting::input || !arrived_.empty()) {
        if (!keep(octets)) return fail(StreamStatus::no_memory);
        return;
    }
    take_input(octets);
    StreamStatus outcome = StreamStatus::ok;
    if (input_length_ < amount_) {
        if (failure_ != StreamStatus::ok)
            outcome = failure_;
        else if (ended_)
            outcome = StreamStatus::end;
        else if (input_length_ >= input_max_)
            outcome = StreamStatus::too_long;
        else
            return settle_input();
    }
    wake(outcome);
    settle_input();
}

}  // namespace gatepost::dataplane
