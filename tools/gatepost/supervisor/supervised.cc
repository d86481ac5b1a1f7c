#include "tools/gatepost/supervisor/supervised.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "storage/base/fd_channel.h"

namespace gatepost::tools {

void Supervised::want(TimePoint now) {
    wanted_ = true;
    if (!is_running() && !due_) due_ = now;
}

void Supervised::started(pid_t pid, UniqueFd channel, TimePoint now) {
    pid_ = pid;
    channel_ = std::move(channel);
    started_at_ = now;
    ready_ = false;
    due_.reset();
    stop_level_ = 0;
    ++starts_;
}

std::chrono::milliseconds Supervised::ended(TimePoint now) {
    const auto lifetime = is_running() ? now - started_at_ : SupervisorClock::duration{};
    pid_ = -1;
    ready_ = false;
    channel_.reset();
    // One that was asked to end has not failed.
    const bool asked = stop_level_ > 0;
    stop_level_ = 0;
    if (asked) backoff_.reset();
    const auto wait = asked ? std::chrono::milliseconds(0) : backoff_.after(lifetime);
    if (wanted_) due_ = now + wait;
    return wait;
}

void Supervised::stop(TimePoint now) {
    if (!is_running()) return;
    const size_t level = std::min(stop_level_, stop_signals_.size() - 1);
    const int number = stop_signals_[level];
    if (number == 0) {
        if (!channel_ || !channel_send(channel_.get(), ChannelVerb::shutdown, 0))
            ::kill(pid_, SIGTERM);
    } else {
        ::kill(pid_, number);
    }
    stop_level_ = level + 1;
    stop_next_ = now + stop_bound_;
}

void Supervised::press(TimePoint now) {
    if (is_running() && stop_level_ > 0 && now >= stop_next_) stop(now);
}

std::optional<TimePoint> Supervised::deadline() const {
    if (is_running()) return stop_level_ > 0 ? std::optional(stop_next_) : std::nullopt;
    return due_;
}

}  // namespace gatepost::tools
