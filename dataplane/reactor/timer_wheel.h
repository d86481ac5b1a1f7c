// Deadlines of one worker: a wheel of slots that turns with the worker's clock. Moving a deadline
// later, which every request of a connection does, is a store: the timer stays in its slot and is
// put on when its slot comes by.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace gatepost::dataplane {

class TimerWheel;

class Timer {
  public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

  protected:
    virtual ~Timer();
    // Once the deadline has passed; it is not set any more then.
    virtual void expired() = 0;

  private:
    friend class TimerWheel;
    TimerWheel* wheel_ = nullptr;  // in one of its slots, or null
    Timer* next_ = nullptr;
    Timer** here_ = nullptr;
    uint64_t deadline_ms_ = 0;  // 0: not set
    uint64_t slot_ms_ = 0;      // when its slot comes by
};

class TimerWheel {
  public:
    static constexpr uint64_t kTickMs = 16;

    uint64_t now_ms() const { return now_ms_; }
    // 0: none any more.
    void set(Timer& timer, uint64_t deadline_ms);
    // The clock has moved on: calls expired() of whose deadline has passed, which may set and
    // destroy any timers. At the first call, what was set before is taken as it is.
    void advance(uint64_t now_ms);

  private:
    static constexpr size_t kSlots = 1024;  // 16 s; later deadlines go round again

    void insert(Timer& timer, uint64_t due_ms);
    void remove(Timer& timer);
    friend class Timer;

    std::array<Timer*, kSlots> slots_{};
    uint64_t now_ms_ = 0;
    uint64_t tick_ = 0;     // the slots up to it have been looked at
    Timer* due_ = nullptr;  // the rest of the slot that is being worked on
};

}  // namespace gatepost::dataplane
