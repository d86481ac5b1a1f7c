// What a private database needs before the control plane can work with it: commands of this
// program, run one after the other as processes of their own, so that the supervisor never waits
// for the database.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/supervisor/supervised.h"

namespace gatepost::tools {

class Provisioning {
  public:
    struct Step {
        std::vector<std::string> argv;
        bool essential = true;  // whether the control plane cannot do without
    };

    explicit Provisioning(std::vector<Step> steps) : steps_(std::move(steps)) {}

    bool is_done() const { return next_ == steps_.size(); }
    pid_t pid() const { return pid_; }
    // Starts the next step where none runs and the time has come.
    Status run(TimePoint now);
    // The running step has ended. An error where there is no point in going on; what made the step
    // fail has been said by itself on standard error.
    Status ended(int wait_status, TimePoint now);
    std::optional<TimePoint> deadline() const;
    void stop();

  private:
    std::vector<Step> steps_;
    size_t next_ = 0;
    pid_t pid_ = -1;
    TimePoint due_{};
};

}  // namespace gatepost::tools
