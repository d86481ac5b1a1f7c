#include "controlplane/mailboxes/later_looks.h"

#include <algorithm>
#include <ratio>

namespace gatepost::controlplane {

namespace {

using Clock = LaterLooks::Clock;
using Together = std::chrono::duration<int64_t, std::ratio<LaterLooks::kTogether.count(), 1000>>;

}  // namespace

void LaterLooks::add(uint64_t id, Clock::time_point now) {
    if (const auto found = waiting_.find(id); found != waiting_.end())
        in_order_.erase({found->second.at, id});
    wait(id, 0, now);
}

void LaterLooks::wait(uint64_t id, size_t look, Clock::time_point now) {
    const Clock::time_point at = std::chrono::ceil<Together>(now + delays_[look]);
    waiting_[id] = {at, look};
    in_order_.emplace(at, id);
}

std::vector<uint64_t> LaterLooks::take_due(Clock::time_point now) {
    std::vector<uint64_t> due;
    while (!in_order_.empty() && in_order_.begin()->first <= now) {
        const uint64_t id = in_order_.begin()->second;
        in_order_.erase(in_order_.begin());
        due.push_back(id);
        const size_t next = waiting_.at(id).look + 1;
        if (next < delays_.size())
            wait(id, next, now);
        else
            waiting_.erase(id);
    }
    return due;
}

std::optional<Clock::time_point> LaterLooks::due() const {
    if (in_order_.empty()) return std::nullopt;
    return in_order_.begin()->first;
}

std::optional<Clock::time_point> earlier(std::optional<Clock::time_point> one,
                                         std::optional<Clock::time_point> other) {
    if (!one || !other) return one ? one : other;
    return std::min(*one, *other);
}

}  // namespace gatepost::controlplane
