// Waits for a time: co_await Delay(wheel, ms).
#pragma once

#include <coroutine>
#include <cstdint>

#include "dataplane/reactor/timer_wheel.h"

namespace gatepost::dataplane {

// In a coroutine's frame; the coroutine may be destroyed while it waits.
class [[nodiscard]] Delay final : private Timer {
  public:
    Delay(TimerWheel& wheel, uint64_t ms) : wheel_(wheel), ms_(ms) {}

    bool await_ready() const { return ms_ == 0; }
    void await_suspend(std::coroutine_handle<> waiter) {
        waiter_ = waiter;
        wheel_.set(*this, wheel_.now_ms() + ms_);
    }
    void await_resume() const {}

  private:
    void expired() override { waiter_.resume(); }

    TimerWheel& wheel_;
    uint64_t ms_;
    std::coroutine_handle<> waiter_;
};

}  // namespace gatepost::dataplane
