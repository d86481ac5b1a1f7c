#include "dataplane/reactor/timer_wheel.h"

#include <algorithm>

namespace gatepost::dataplane {

Timer::~Timer() {
    if (wheel_ != nullptr) wheel_->remove(*this);
}

void TimerWheel::insert(Timer& timer, uint64_t due_ms) {
    // Not before the next tick, not farther than one turn.
    uint64_t tick = std::clamp((due_ms + kTickMs - 1) / kTickMs, tick_ + 1, tick_ + kSlots - 1);
    Timer** head = &slots_[tick % kSlots];
    timer.slot_ms_ = tick * kTickMs;
    timer.next_ = *head;
    if (timer.next_ != nullptr) timer.next_->here_ = &timer.next_;
    timer.here_ = head;
    *head = &timer;
    timer.wheel_ = this;
}

void TimerWheel::remove(Timer& timer) {
    *timer.here_ = timer.next_;
    if (timer.next_ != nullptr) timer.next_->here_ = timer.here_;
    timer.wheel_ = nullptr;
    timer.next_ = nullptr;
    timer.here_ = nullptr;
}

void TimerWheel::set(Timer& timer, uint64_t deadline_ms) {
    timer.deadline_ms_ = deadline_ms;
    if (deadline_ms == 0) return;  // its slot lets go of it
    if (timer.wheel_ != nullptr) {
        if (timer.slot_ms_ <= deadline_ms + kTickMs) return;
        remove(timer);
    }
    insert(timer, deadline_ms);
}

void TimerWheel::advance(uint64_t now_ms) {
    now_ms_ = std::max(now_ms_, now_ms);
    uint64_t last = now_ms_ / kTickMs;
    if (last > tick_ + kSlots) tick_ = last - kSlots;  // every slot once
    while (tick_ < last) {
        ++tick_;
        Timer** head = &slots_[tick_ % kSlots];
        if (*head == nullptr) continue;
        due_ = *head;
        due_->here_ = &due_;
        *head = nullptr;
        while (due_ != nullptr) {
            Timer& timer = *due_;
            remove(timer);
            uint64_t deadline = timer.deadline_ms_;
            if (deadline == 0) continue;
            if (deadline > now_ms_) {
                insert(timer, deadline);
                continue;
            }
            timer.deadline_ms_ = 0;
            timer.expired();
        }
    }
}

}  // namespace gatepost::dataplane
