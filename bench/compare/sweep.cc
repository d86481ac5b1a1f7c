#include "bench/compare/sweep.h"

#include <poll.h>

#include <array>

namespace gatepost::bench {

namespace {

// Questions in flight: enough to keep a server busy, few enough for any socket buffer.
constexpr size_t kWindow = 128;
constexpr auto kLostAfter = std::chrono::milliseconds(20);

// One place of the window: a question under way. Its id is its index plus a multiple of kWindow,
// so that a late reply to an earlier question in the same place is told apart.
struct Place {
    size_t name = 0;
    uint16_t id = 0;
    bool used = false;
    Clock::time_point sent;
};

class Sweep {
  public:
    Sweep(Asker& asker, const std::vector<Expectation>& expected)
        : asker_(asker), expected_(expected) {
        for (size_t i = 0; i < kWindow; ++i) places_[i].id = static_cast<uint16_t>(i);
    }

    SweepResult run(Clock::time_point until) {
        result_.last_confirmed = Clock::now();
        for (Place& place : places_) start_next(place);
        while (confirmed_ < expected_.size() && Clock::now() < until) {
            pollfd source{asker_.fd(), POLLIN, 0};
            ::poll(&source, 1, 1);
            while (auto reply = asker_.take()) take(*reply);
            const auto lost = Clock::now() - kLostAfter;
            for (Place& place : places_)
                if (place.used && place.sent < lost) send(place);
        }
        result_.unconfirmed = expected_.size() - confirmed_;
        return result_;
    }

  private:
    void start_next(Place& place) {
        place.used = next_ < expected_.size();
        if (!place.used) return;
        place.name = next_++;
        send(place);
    }

    void send(Place& place) {
        place.id = static_cast<uint16_t>(place.id + kWindow);
        place.sent = Clock::now();
        asker_.ask(place.id, expected_[place.name].name);
        ++result_.asked;
    }

    void take(const Reply& reply) {
        Place& place = places_[reply.id % kWindow];
        if (!place.used || place.id != reply.id) return;
        if (reply.address != expected_[place.name].address) {
            ++result_.stale;
            send(place);
            return;
        }
        ++confirmed_;
        result_.last_confirmed = Clock::now();
        start_next(place);
    }

    Asker& asker_;
    const std::vector<Expectation>& expected_;
    std::array<Place, kWindow> places_{};
    size_t next_ = 0;
    size_t confirmed_ = 0;
    SweepResult result_;
};

}  // namespace

SweepResult sweep(Asker& asker, const std::vector<Expectation>& expected,
                  Clock::duration time_max) {
    return Sweep(asker, expected).run(Clock::now() + time_max);
}

}  // namespace gatepost::bench
