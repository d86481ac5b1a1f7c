#include "tools/gatepost/supervisor/provisioning.h"

#include <signal.h>
#include <sys/wait.h>

#include "tools/gatepost/supervisor/process.h"

namespace gatepost::tools {

namespace {

constexpr std::chrono::milliseconds kRetry{200};

}  // namespace

Status Provisioning::run(TimePoint now) {
    if (is_done() || pid_ > 0 || now < due_) return {};
    ProcessSpec spec;
    spec.argv = steps_[next_].argv;
    spec.death_signal = SIGTERM;
    auto child = start_process(spec);
    if (!child) return tl::unexpected(std::move(child).error());
    pid_ = *child;
    return {};
}

Status Provisioning::ended(int wait_status, TimePoint now) {
    pid_ = -1;
    const int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
    // The database died under it: again, once it is back.
    if (code == static_cast<int>(ErrorCode::unreachable)) {
        due_ = now + kRetry;
        return {};
    }
    const Step& step = steps_[next_];
    if (code != 0 && step.essential)
        return tl::unexpected(
            Error{code > 0 ? static_cast<ErrorCode>(code) : ErrorCode::refused,
                  fmt::format("preparing the database: \"{} {}\" {}", step.argv[1], step.argv[2],
                              how_it_ended(wait_status))});
    ++next_;
    return {};
}

std::optional<TimePoint> Provisioning::deadline() const {
    if (is_done() || pid_ > 0) return std::nullopt;
    return due_;
}

void Provisioning::stop() {
    if (pid_ > 0) ::kill(pid_, SIGTERM);
    next_ = steps_.size();
}

}  // namespace gatepost::tools
