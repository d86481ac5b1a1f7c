// Lets one coroutine wait until another part has something for it.
#pragma once

#include <coroutine>
#include <utility>

namespace gatepost::dataplane {

// A notification that comes while nobody waits ends the next wait at once.
class Signal {
  public:
    void notify() {
        if (waiter_) {
            std::exchange(waiter_, nullptr).resume();
        } else {
            is_set_ = true;
        }
    }

    // A wait that goes with its coroutine is no wait any more.
    class Wait {
      public:
        explicit Wait(Signal& signal) : signal_(signal) {}
        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;
        ~Wait() {
            if (is_waiting_) signal_.waiter_ = nullptr;
        }
        bool await_ready() const { return std::exchange(signal_.is_set_, false); }
        void await_suspend(std::coroutine_handle<> waiter) {
            is_waiting_ = true;
            signal_.waiter_ = waiter;
        }
        void await_resume() { is_waiting_ = false; }

      private:
        Signal& signal_;
        bool is_waiting_ = false;
    };

  private:
    std::coroutine_handle<> waiter_;
    bool is_set_ = false;
};

}  // namespace gatepost::dataplane
