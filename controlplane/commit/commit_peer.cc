#include "controlplane/commit/commit_peer.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

// A worker has at most some hundreds of requests without an answer: one that reads none of its
// answers does not live any more.
constexpr size_t kOutputMax = size_t{4} << 20;  // octets

}  // namespace

bool CommitPeer::receive() {
    if (closed_) return false;
    const std::span<uint8_t> room = reader_.room();
    const ssize_t got = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (got > 0) {
        reader_.filled(static_cast<size_t>(got));
        return true;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    close(got == 0 ? "the worker closed it" : std::strerror(errno));
    return false;
}

std::optional<storage::Frame> CommitPeer::next() {
    if (closed_) return std::nullopt;
    auto frame = reader_.next();
    if (frame) return *frame;
    close(frame.error().message);
    return std::nullopt;
}

std::vector<uint8_t>* CommitPeer::output() {
    if (!closed_ && out_.size() - out_at_ > kOutputMax)
        close("the worker does not read its answers");
    if (closed_) return nullptr;
    if (out_at_ == out_.size()) {
        out_.clear();
        out_at_ = 0;
    }
    return &out_;
}

void CommitPeer::reply(const storage::DeliveryReply& reply) {
    std::vector<uint8_t>* const out = output();
    if (out != nullptr && !storage::append_frame(*out, reply)) close("an answer is too long");
}

void CommitPeer::flush() {
    while (!closed_ && has_output()) {
        const ssize_t sent = ::send(socket_.get(), out_.data() + out_at_, out_.size() - out_at_,
                                    MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (sent < 0) return close(std::strerror(errno));
        out_at_ += static_cast<size_t>(sent);
    }
}

void CommitPeer::close(std::string_view why) {
    if (closed_) return;
    closed_ = true;
    log_info(closed_event_).field("worker", worker_).field("why", why);
    socket_.reset();
}

}  // namespace gatepost::controlplane
