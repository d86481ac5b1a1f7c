// How long to wait before starting a process again that died: not at all after a decent life,
// longer and longer where it dies young.
#pragma once

#include <algorithm>
#include <chrono>

namespace gatepost::tools {

class Backoff {
  public:
    static constexpr std::chrono::milliseconds kFirst{50};
    static constexpr std::chrono::milliseconds kMax{5000};
    static constexpr std::chrono::seconds kDecentLife{10};

    // The wait after a life of `lifetime`.
    std::chrono::milliseconds after(std::chrono::nanoseconds lifetime) {
        if (lifetime >= kDecentLife) reset();
        // The first death may be an accident: no wait, as somebody is waiting for answers.
        if (!died_before_) {
            died_before_ = true;
            return {};
        }
        wait_ = wait_.count() == 0 ? kFirst : std::min(kMax, wait_ * 2);
        return wait_;
    }
    void reset() { *this = {}; }

  private:
    std::chrono::milliseconds wait_{};
    bool died_before_ = false;
};

}  // namespace gatepost::tools
