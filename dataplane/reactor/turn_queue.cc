#include "dataplane/reactor/turn_queue.h"

#include <utility>

namespace gatepost::dataplane {

void TurnQueue::add(Wait& wait) {
    wait.previous_ = last_;
    (last_ == nullptr ? first_ : last_->next_) = &wait;
    last_ = &wait;
    if (std::exchange(asked_, true)) return;
    io_uring_sqe* request = ring_.next_request();
    ::io_uring_prep_nop(request);
    Ring::route(request, *this);
}

void TurnQueue::remove(Wait& wait) {
    (wait.previous_ == nullptr ? first_ : wait.previous_->next_) = wait.next_;
    (wait.next_ == nullptr ? last_ : wait.next_->previous_) = wait.previous_;
    wait.next_ = wait.previous_ = nullptr;
    wait.waiter_ = nullptr;
}

// Who waits again waits for the turn after this one.
void TurnQueue::complete(const Completion&) {
    asked_ = false;
    size_t waiting = 0;
    for (const Wait* wait = first_; wait != nullptr; wait = wait->next_) ++waiting;
    for (; waiting != 0 && first_ != nullptr; --waiting) {
        const std::coroutine_handle<> waiter = first_->waiter_;
        remove(*first_);
        waiter.resume();
    }
}

}  // namespace gatepost::dataplane
