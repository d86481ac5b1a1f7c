#include "dataplane/stream/socket_transport.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "storage/base/check.h"

namespace gatepost::dataplane {

void SocketTransport::open(UniqueFd fd, TransportUser& user) {
    GATEPOST_CHECK(!fd_ && !armed_ && !sending_);
    fd_ = std::move(fd);
    user_ = &user;
    wanted_ = cancelling_ = ended_ = closing_ = false;
}

void SocketTransport::start_receive() {
    wanted_ = true;
    if (!armed_ && !ended_ && !closing_) arm();
}

void SocketTransport::arm() {
    io_uring_sqe* request = host_.ring.next_request();
    ::io_uring_prep_recv_multishot(request, fd_.get(), nullptr, 0, 0);
    request->flags |= IOSQE_BUFFER_SELECT;
    request->buf_group = host_.buffers.group();
    Ring::route(request, *this, kReceive);
    armed_ = true;
    cancelling_ = false;
}

void SocketTransport::stop_receive() {
    wanted_ = false;
    cancel_receive();
}

void SocketTransport::cancel_receive() {
    if (!armed_ || cancelling_) return;
    cancelling_ = true;
    io_uring_sqe* request = host_.ring.next_request();
    auto address = reinterpret_cast<uintptr_t>(static_cast<Operation*>(this));
    ::io_uring_prep_cancel64(request, address | (uint64_t{kReceive} << Ring::kAddressBits), 0);
    request->flags |= IOSQE_CQE_SKIP_SUCCESS;
    Ring::route(request, *this, kIgnored);
}

void SocketTransport::send(std::span<const iovec> octets) {
    io_uring_sqe* request = host_.ring.next_request();
    if (octets.size() == 1) {
        ::io_uring_prep_send(request, fd_.get(), octets[0].iov_base, octets[0].iov_len,
                             MSG_NOSIGNAL);
    } else {
        std::copy(octets.begin(), octets.end(), parts_.begin());
        message_.msg_iov = parts_.data();
        message_.msg_iovlen = octets.size();
        ::io_uring_prep_sendmsg(request, fd_.get(), &message_, MSG_NOSIGNAL);
    }
    Ring::route(request, *this, kSend);
    sending_ = true;
}

// A call of its own: the ring would leave it to a thread of the kernel's, which looks the
// descriptor up when it gets to it, and by then that may be another connection's.
void SocketTransport::shutdown_write() {
    ::shutdown(fd_.get(), SHUT_WR);
}

void SocketTransport::complete(const Completion& completion) {
    switch (completion.tag) {
        case kReceive:
            return on_receive(completion);
        case kSend:
            sending_ = false;
            if (closing_) return finish_close();
            return user_->on_sent(completion.result);
        case kClose:
            return user_->on_closed();
        default:  // failures of no interest: what was to be ended had ended
            return;
    }
}

void SocketTransport::on_receive(const Completion& completion) {
    bool more = (completion.flags & IORING_CQE_F_MORE) != 0;
    if (!more) armed_ = false;
    if (completion.result > 0) {
        auto id = static_cast<uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
        if (!closing_)
            user_->on_received(
                Bytes(host_.buffers.buffer(id), static_cast<size_t>(completion.result)));
        host_.buffers.give_back(id);
    } else if (completion.result == -ENOBUFS) {
        storage::count(host_.counters.receive_starved);
    } else if (completion.result != -ECANCELED && !ended_) {
        ended_ = true;
        if (!closing_) user_->on_receive_end(-completion.result);
    }
    if (closing_) return finish_close();
    // Buffers that ran out are given back before the next requests are submitted.
    if (!armed_ && wanted_ && !ended_) arm();
}

void SocketTransport::close() {
    closing_ = true;
    wanted_ = false;
    if (sending_) {
        io_uring_sqe* request = host_.ring.next_request();
        ::io_uring_prep_cancel_fd(request, fd_.get(), IORING_ASYNC_CANCEL_ALL);
        request->flags |= IOSQE_CQE_SKIP_SUCCESS;
        Ring::route(request, *this, kIgnored);
        cancelling_ = true;
    } else {
        cancel_receive();
    }
    finish_close();
}

void SocketTransport::finish_close() {
    if (armed_ || sending_ || !fd_) return;
    io_uring_sqe* request = host_.ring.next_request();
    ::io_uring_prep_close(request, fd_.release());
    Ring::route(request, *this, kClose);
}

}  // namespace gatepost::dataplane
