// One process that has to run for as long as the supervisor does: whether it does, when it may
// start again, and how far its end has been asked for.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "storage/base/unique_fd.h"
#include "tools/gatepost/supervisor/backoff.h"

namespace gatepost::tools {

using SupervisorClock = std::chrono::steady_clock;
using TimePoint = SupervisorClock::time_point;

class Supervised {
  public:
    // `stop_signals` are sent one after the other, `stop_bound` apart, to a process that does not
    // end; SIGKILL is the last. 0 in front stands for the shutdown message on its channel.
    Supervised(std::string name, std::array<int, 3> stop_signals)
        : name_(std::move(name)), stop_signals_(stop_signals) {}

    const std::string& name() const { return name_; }
    bool is_running() const { return pid_ > 0; }
    pid_t pid() const { return pid_; }
    bool is_ready() const { return is_running() && ready_; }
    void set_ready() { ready_ = true; }
    unsigned long starts() const { return starts_; }
    int channel() const { return channel_.get(); }
    void close_channel() { channel_.reset(); }

    // To be started, from now on whenever it does not run.
    void want(TimePoint now);
    void unwant() {
        due_.reset();
        wanted_ = false;
    }
    bool is_wanted() const { return wanted_; }
    bool is_due(TimePoint now) const { return due_ && *due_ <= now; }
    void started(pid_t pid, UniqueFd channel, TimePoint now);
    // It could not be started, or it ended. Gives the wait until the next start.
    std::chrono::milliseconds ended(TimePoint now);

    // Asks it to end; each further call asks more firmly. No-op where it does not run.
    void stop(TimePoint now);
    // Asks more firmly where it has had its time.
    void press(TimePoint now);
    bool is_stopping() const { return stop_level_ > 0; }
    void set_stop_bound(std::chrono::milliseconds bound) { stop_bound_ = bound; }

    // When this process next needs attention.
    std::optional<TimePoint> deadline() const;

  private:
    std::string name_;
    std::array<int, 3> stop_signals_;
    pid_t pid_ = -1;
    UniqueFd channel_;
    Backoff backoff_;
    bool wanted_ = false;
    bool ready_ = false;
    unsigned long starts_ = 0;
    TimePoint started_at_{};
    std::optional<TimePoint> due_;
    std::chrono::milliseconds stop_bound_{10'000};
    size_t stop_level_ = 0;
    TimePoint stop_next_{};
};

}  // namespace gatepost::tools
