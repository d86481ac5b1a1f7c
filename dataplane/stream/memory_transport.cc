#include "dataplane/stream/memory_transport.h"

#include <algorithm>
#include <cerrno>

#include "storage/base/check.h"

namespace gatepost::dataplane {

void MemoryTransport::send(std::span<const iovec> octets) {
    GATEPOST_CHECK(!send_under_way_ && !closing_ && octets.size() <= kSendPartsMax);
    send_under_way_ = true;
    for (const iovec& part : octets)
        sending_.append(static_cast<const char*>(part.iov_base), part.iov_len);
    GATEPOST_CHECK(!sending_.empty());
}

size_t MemoryTransport::run() {
    size_t count = 0;
    while (!closed_ && step()) ++count;
    return count;
}

bool MemoryTransport::step() {
    if (closing_) {
        closed_ = true;
        user_->on_closed();
        return true;
    }
    if (events_ >= events_until_reset) arrive_error(ECONNRESET);
    if (!finish_send() && !receive()) return false;
    ++events_;
    return true;
}

bool MemoryTransport::finish_send() {
    if (!send_under_way_ || send_blocked) return false;
    send_under_way_ = false;
    if (sent_total_ >= send_fails_after || events_ >= events_until_reset) {
        sending_.clear();
        user_->on_sent(-EPIPE);
        return true;
    }
    size_t count = std::min({sending_.size(), send_max, send_fails_after - sent_total_});
    sent_.append(sending_, 0, count);
    sent_total_ += count;
    sending_.clear();  // the user sends the rest again
    user_->on_sent(static_cast<int32_t>(count));
    return true;
}

bool MemoryTransport::receive() {
    if (!receiving_ || end_told_) return false;
    if (!arriving_.empty() && events_ < events_until_reset) {
        std::string part = arriving_.substr(0, receive_max);
        arriving_.erase(0, part.size());
        user_->on_received(Bytes(reinterpret_cast<const uint8_t*>(part.data()), part.size()));
        return true;
    }
    if (!end_) return false;
    end_told_ = true;
    user_->on_receive_end(end_error_);
    return true;
}

}  // namespace gatepost::dataplane
