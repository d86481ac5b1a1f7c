// When queries are due at a fixed rate, whatever becomes of the answers (an open loop). A sender
// that falls behind catches up, but only so far: what is due longer than that is given up, for
// sending it all at once would measure the burst.
#pragma once

#include <algorithm>
#include <cstdint>

namespace gatepost::tools {

class Schedule {
  public:
    static constexpr uint64_t kLateNs = 1'000'000;      // sent later than this: counted
    static constexpr uint64_t kCatchUpNs = 20'000'000;  // due longer than this: given up
    static constexpr uint64_t kBatchNs = 50'000;        // of queries that go out together
    static constexpr uint64_t kNsPerSecond = 1'000'000'000;

    Schedule(uint64_t rate, unsigned batch_max, uint64_t start_ns)
        : rate_(rate),
          batch_(std::clamp<uint64_t>(rate * kBatchNs / kNsPerSecond, 1, batch_max)),
          start_ns_(start_ns) {}

    // How many to send now: none until a batch has come together.
    uint64_t due(uint64_t now_ns) {
        uint64_t total = total_at(now_ns);
        uint64_t bound =
            total_at(now_ns > start_ns_ + kCatchUpNs ? now_ns - kCatchUpNs : start_ns_);
        if (bound > taken_) {
            unsent_ += bound - taken_;
            taken_ = bound;
        }
        uint64_t count = total - std::min(total, taken_);
        return count < batch_ ? 0 : count;
    }
    // `count` of them were sent.
    void sent(uint64_t count, uint64_t now_ns) {
        uint64_t late = total_at(now_ns > start_ns_ + kLateNs ? now_ns - kLateNs : start_ns_);
        if (late > taken_) late_ += std::min(late - taken_, count);
        taken_ += count;
    }
    // When due() will give some.
    uint64_t next_ns() const {
        Wide scaled = static_cast<Wide>(taken_ + batch_) * kNsPerSecond;
        return start_ns_ + static_cast<uint64_t>((scaled + rate_ - 1) / rate_);
    }

    uint64_t batch() const { return batch_; }
    uint64_t late() const { return late_; }
    uint64_t unsent() const { return unsent_; }

  private:
    __extension__ using Wide = unsigned __int128;

    uint64_t total_at(uint64_t ns) const {
        Wide scaled = static_cast<Wide>(ns - start_ns_) * rate_;
        return static_cast<uint64_t>(scaled / kNsPerSecond);
    }

    uint64_t rate_;  // a second
    uint64_t batch_;
    uint64_t start_ns_;
    uint64_t taken_ = 0;  // sent or given up
    uint64_t late_ = 0;
    uint64_t unsent_ = 0;
};

}  // namespace gatepost::tools
