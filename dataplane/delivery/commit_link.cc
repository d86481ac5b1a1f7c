#include "dataplane/delivery/commit_link.h"

#include <sys/socket.h>

#include <cerrno>

namespace gatepost::dataplane {

namespace {

bool is_passing(int32_t result) {
    return result == -EINTR || result == -EAGAIN;
}

}  // namespace

void CommitLink::begin() {
    start_receive();
}

void CommitLink::send() {
    GATEPOST_CHECK(can_send());
    out_at_ = 0;
    if (!out_.empty()) start_send();
}

void CommitLink::give_up() {
    if (broken_) return;
    broken_ = true;
    // Ends what is under way.
    ::shutdown(socket_.get(), SHUT_RDWR);
}

void CommitLink::complete(const Completion& completion) {
    if (completion.tag == kSend)
        sent(completion.result);
    else
        received(completion.result);
}

void CommitLink::start_send() {
    sending_ = true;
    io_uring_sqe* request = ring_.next_request();
    ::io_uring_prep_send(request, socket_.get(), out_.data() + out_at_, out_.size() - out_at_,
                         MSG_NOSIGNAL);
    Ring::route(request, *this, kSend);
}

void CommitLink::sent(int32_t result) {
    sending_ = false;
    if (broken_) return;
    if (result <= 0 && !is_passing(result)) return give_up();
    if (result > 0) out_at_ += static_cast<size_t>(result);
    if (out_at_ < out_.size()) return start_send();
    out_.clear();
}

void CommitLink::start_receive() {
    receiving_ = true;
    const std::span<uint8_t> room = reader_.room();
    io_uring_sqe* request = ring_.next_request();
    ::io_uring_prep_recv(request, socket_.get(), room.data(), room.size(), 0);
    Ring::route(request, *this, kReceive);
}

void CommitLink::received(int32_t result) {
    receiving_ = false;
    if (broken_) return;
    if (result <= 0 && !is_passing(result)) return give_up();
    if (result > 0) reader_.filled(static_cast<size_t>(result));
    for (;;) {
        const auto frame = reader_.next();
        if (!frame) return give_up();
        if (!*frame) break;
        if (!receiver_.on_frame(**frame)) return give_up();
    }
    start_receive();
}

}  // namespace gatepost::dataplane
