// Ends waits of all threads at once, also from a signal handler.
#pragma once

#include <atomic>

#include "storage/base/unique_fd.h"

namespace gatepost::tools {

class StopSignal {
  public:
    StopSignal();
    // Safe in a signal handler.
    void stop() noexcept;
    bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
    // Readable from then on.
    int fd() const { return event_.get(); }

  private:
    UniqueFd event_;
    std::atomic<bool> stopped_{false};
};

}  // namespace gatepost::tools
