#include "dataplane/netio/tcp_connection.h"

#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "dataplane/netio/tcp_server.h"

namespace gatepost::dataplane {

namespace {

using storage::Drop;

constexpr size_t kMessageMin = 12;          // octets: a DNS header (RFC 1035 §4.1.1)
constexpr uint32_t kReceiveMax = 16 << 10;  // octets at a time, unless a frame is longer
constexpr uint32_t kOutputHigh = 32
                                 << 10;  // octets that wait: no more queries until some have gone
constexpr uint32_t kResidentMax = 4 << 10;  // octets of an area that stay resident when it is free
static_assert(kTcpAreaSize >= kTcpLengthSize + kTcpMessageMax);

// Gives what a connection used beyond the usual back to the system, so that one large transfer does
// not keep its memory for ever.
void shrink(uint8_t* area, uint32_t high) {
    if (high > kResidentMax)
        ::madvise(area + kResidentMax, kTcpAreaSize - kResidentMax, MADV_DONTNEED);
}

}  // namespace

void TcpConnection::place(TcpServer& server, uint8_t* memory) {
    server_ = &server;
    input_ = memory;
    output_ = memory + kTcpAreaSize;
}

void TcpConnection::open(UniqueFd fd, Family family) {
    GATEPOST_CHECK(!is_open() && !receiving_ && !sending_ && in_burst_ == 0);
    fd_ = std::move(fd);
    family_ = family;
    blocked_ = broken_ = peer_done_ = closing_ = false;
    input_length_ = input_high_ = taken_ = 0;
    output_length_ = output_high_ = 0;
    active_ms_ = server_->now_ms();
    frame_started_ms_ = 0;
    ask_client();
    receive();
}

// A multishot accept has no room for the address of each client.
void TcpConnection::ask_client() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    client_known_ = ::getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
                    address.ss_family == (family_ == Family::ipv4 ? AF_INET : AF_INET6);
    if (!client_known_) return;
    if (family_ == Family::ipv4)
        std::memcpy(client_, &reinterpret_cast<sockaddr_in&>(address).sin_addr, 4);
    else
        std::memcpy(client_, &reinterpret_cast<sockaddr_in6&>(address).sin6_addr, 16);
}

void TcpConnection::complete(const Completion& completion) {
    switch (completion.tag) {
        case kReceive:
            return on_receive(completion.result);
        case kSend:
            return on_send(completion.result);
        default:  // a cancellation that found nothing to cancel
            return;
    }
}

void TcpConnection::on_receive(int32_t result) {
    receiving_ = false;
    if (closing_) return finish_close();
    if (result < 0) return close();  // mostly ECONNRESET
    if (result == 0) peer_done_ = true;
    input_length_ += static_cast<uint32_t>(result);
    GATEPOST_CHECK(input_length_ <= kTcpAreaSize);
    input_high_ = std::max(input_high_, input_length_);
    take_queries();
}

void TcpConnection::on_send(int32_t result) {
    sending_ = false;
    if (closing_) return finish_close();
    if (result <= 0) {
        server_->count_drop(Drop::send_failed);
        return close();
    }
    auto sent = static_cast<uint32_t>(result);
    GATEPOST_CHECK(sent <= output_length_);
    output_length_ -= sent;
    std::memmove(output_, output_ + sent, output_length_);
    if (output_length_ == 0) blocked_ = false;
    active_ms_ = server_->now_ms();
    take_queries();
}

bool TcpConnection::holds_back() const {
    return blocked_ || output_length_ >= kOutputHigh;
}

// Gives every complete frame to the server's burst, which may be answered meanwhile when it is
// full.
void TcpConnection::take_queries() {
    taking_ = true;
    while (!broken_ && !closing_ && !holds_back()) {
        uint32_t left = input_length_ - taken_;
        if (left < kTcpLengthSize) break;
        uint32_t length = load_be16(input_ + taken_);  // RFC 7766 §8
        if (length < kMessageMin) {
            // Whatever follows cannot be told apart any more: the replies so far, then the end.
            server_->count_drop(Drop::tcp_framing);
            broken_ = true;
            break;
        }
        if (left < kTcpLengthSize + length) break;
        if (server_->burst_is_full()) {
            server_->flush();  // may block this connection
            continue;
        }
        server_->enqueue(*this, taken_);
        ++in_burst_;
        taken_ += static_cast<uint32_t>(kTcpLengthSize + length);
        active_ms_ = server_->now_ms();
    }
    taking_ = false;
    if (in_burst_ == 0) rest();
}

Bytes TcpConnection::frame(size_t offset) const {
    return Bytes(input_ + offset + kTcpLengthSize, load_be16(input_ + offset));
}

void TcpConnection::take_reply(size_t offset, Bytes reply) {
    GATEPOST_CHECK(in_burst_ > 0);
    if (closing_ || blocked_ || reply.empty()) return;
    if (kTcpLengthSize + reply.size() > kTcpAreaSize - output_length_) {
        blocked_ = true;
        taken_ = static_cast<uint32_t>(offset);
        return;
    }
    uint8_t* at = output_ + output_length_;
    store_be16(at, static_cast<uint16_t>(reply.size()));
    std::memcpy(at + kTcpLengthSize, reply.data(), reply.size());
    output_length_ += static_cast<uint32_t>(kTcpLengthSize + reply.size());
    output_high_ = std::max(output_high_, output_length_);
}

void TcpConnection::after_burst() {
    if (in_burst_ == 0) return;
    in_burst_ = 0;
    if (!taking_) rest();
}

// What is left to do when no frame of this connection is with the server.
void TcpConnection::rest() {
    if (closing_) return finish_close();
    erase_taken();
    if (output_length_ != 0 && !sending_) send();
    if (broken_ || peer_done_) {
        // RFC 7766 §6.2.4: queries that came before the end of the client's side are answered
        // still.
        if (!sending_) close();
        return;
    }
    if (holds_back()) {
        frame_started_ms_ = 0;  // the wait is ours
        return;
    }
    if (input_length_ > 0 && frame_started_ms_ == 0) frame_started_ms_ = server_->now_ms();
    if (!receiving_) receive();
}

void TcpConnection::erase_taken() {
    if (taken_ == 0) return;
    input_length_ -= taken_;
    std::memmove(input_, input_ + taken_, input_length_);
    taken_ = 0;
    frame_started_ms_ = 0;
}

void TcpConnection::receive() {
    // Room there always is: the input begins with an incomplete frame, and the area holds any
    // frame.
    GATEPOST_CHECK(input_length_ < kTcpAreaSize);
    uint32_t room = static_cast<uint32_t>(kTcpAreaSize) - input_length_;
    uint32_t wanted = kReceiveMax;
    if (input_length_ >= kTcpLengthSize)
        wanted = std::max<uint32_t>(wanted, load_be16(input_) + kTcpLengthSize - input_length_);
    io_uring_sqe* request = server_->ring().next_request();
    ::io_uring_prep_recv(request, fd_.get(), input_ + input_length_, std::min(room, wanted), 0);
    Ring::route(request, *this, kReceive);
    receiving_ = true;
}

void TcpConnection::send() {
    io_uring_sqe* request = server_->ring().next_request();
    ::io_uring_prep_send(request, fd_.get(), output_, output_length_, MSG_NOSIGNAL);
    Ring::route(request, *this, kSend);
    sending_ = true;
}

bool TcpConnection::kept_waiting(uint64_t now_ms, uint64_t idle_ms, uint64_t frame_ms) const {
    if (frame_started_ms_ != 0 && !sending_) return now_ms - frame_started_ms_ >= frame_ms;
    return now_ms - active_ms_ >= idle_ms;
}

void TcpConnection::check_time(uint64_t now_ms, uint64_t idle_ms, uint64_t frame_ms) {
    if (closing_ || in_burst_ != 0 || !kept_waiting(now_ms, idle_ms, frame_ms)) return;
    server_->count_drop(Drop::tcp_idle);
    close();
}

void TcpConnection::close() {
    if (closing_) return;
    closing_ = true;
    if (receiving_ || sending_) {
        io_uring_sqe* request = server_->ring().next_request();
        ::io_uring_prep_cancel_fd(request, fd_.get(), IORING_ASYNC_CANCEL_ALL);
        request->flags |= IOSQE_CQE_SKIP_SUCCESS;
        Ring::route(request, *this, kCancel);
    }
    finish_close();
}

void TcpConnection::finish_close() {
    if (receiving_ || sending_ || in_burst_ != 0 || taking_) return;
    server_->close_descriptor(std::move(fd_));
    shrink(input_, input_high_);
    shrink(output_, output_high_);
    server_->release(*this);
}

}  // namespace gatepost::dataplane
