// Where a coroutine that has had its share of a turn waits for the next one: whatever has completed
// meanwhile comes first. Unlike a Delay it takes no time where nobody else has anything to do.
#pragma once

#include <coroutine>

#include "dataplane/reactor/ring.h"

namespace gatepost::dataplane {

class TurnQueue final : private Operation {
  public:
    // The ring allows IORING_OP_NOP. It may go first; nobody who waits is told then.
    explicit TurnQueue(Ring& ring) : ring_(ring) {}
    ~TurnQueue() { GATEPOST_CHECK(first_ == nullptr); }

    class Wait;

  private:
    void complete(const Completion& completion) override;
    void add(Wait& wait);
    void remove(Wait& wait);

    Ring& ring_;
    Wait* first_ = nullptr;
    Wait* last_ = nullptr;
    bool asked_ = false;  // a request is under way that ends the ring's wait
};

// Destroying it, with the coroutine, ends it.
class TurnQueue::Wait {
  public:
    explicit Wait(TurnQueue& queue) : queue_(queue) {}
    ~Wait() {
        if (waiter_) queue_.remove(*this);
    }
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
        waiter_ = waiter;
        queue_.add(*this);
    }
    void await_resume() const {}

  private:
    friend class TurnQueue;
    TurnQueue& queue_;
    std::coroutine_handle<> waiter_;
    Wait* next_ = nullptr;
    Wait* previous_ = nullptr;
};

}  // namespace gatepost::dataplane
