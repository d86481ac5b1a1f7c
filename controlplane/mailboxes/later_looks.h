// Ids that are looked at again some times, at growing distances: what is told of them may be true
// before the database shows it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gatepost::controlplane {

// For what the replication stream tells: of a commit before other transactions see it. The server
// has written its record to the disk, and has to take it off the list of those that are under way;
// that is a moment, but where a standby has to confirm it (synchronous_standby_names) or the
// machine is held up it is seconds.
inline constexpr std::array<std::chrono::milliseconds, 4> kLooksAsTold = {
    std::chrono::milliseconds(100), std::chrono::seconds(1), std::chrono::seconds(5),
    std::chrono::seconds(30)};

class LaterLooks {
  public:
    using Clock = std::chrono::steady_clock;

    // Looks that are due so soon after one another are one, so that many ids are few queries.
    static constexpr std::chrono::milliseconds kTogether{50};

    // `delays`: of each look after the one before, the first one after add(); above 0. They live
    // for as long as the program.
    explicit LaterLooks(std::span<const std::chrono::milliseconds> delays) : delays_(delays) {}

    // Begins with the first delay, whatever the id waited for.
    void add(uint64_t id, Clock::time_point now);
    // Those to be looked at now: each no sooner than its delay says.
    std::vector<uint64_t> take_due(Clock::time_point now);
    // When take_due() will give something; none: nothing waits.
    std::optional<Clock::time_point> due() const;

  private:
    struct Waiting {
        Clock::time_point at;
        size_t look = 0;  // an index of `delays_`
    };

    void wait(uint64_t id, size_t look, Clock::time_point now);

    const std::span<const std::chrono::milliseconds> delays_;
    std::unordered_map<uint64_t, Waiting> waiting_;
    std::set<std::pair<Clock::time_point, uint64_t>> in_order_;  // of them
};

// The first of two times, of which each may be none.
std::optional<LaterLooks::Clock::time_point> earlier(
    std::optional<LaterLooks::Clock::time_point> one,
    std::optional<LaterLooks::Clock::time_point> other);

}  // namespace gatepost::controlplane
