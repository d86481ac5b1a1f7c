#include "controlplane/commit/commit_service.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "controlplane/commit/commit_service_thread.h"

namespace gatepost::controlplane {

CommitService::CommitService(CommitOptions options) : options_(std::move(options)) {}

CommitService::~CommitService() {
    request_stop();
    if (thread_.joinable()) thread_.join();
}

Status CommitService::start() {
    wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_) return fail(ErrorCode::refused, "making an eventfd: {}", std::strerror(errno));
    stopped_ = false;
    thread_ = std::thread([this] {
        CommitServiceThread(*this).run();
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        stopped_changed_.notify_all();
    });
    return {};
}

void CommitService::add_connection(unsigned worker, UniqueFd socket) {
    {
        const std::lock_guard lock(mutex_);
        handed_over_.emplace_back(worker, std::move(socket));
    }
    wake();
}

void CommitService::add_errand(Errand errand) {
    {
        const std::lock_guard lock(mutex_);
        errands_.push_back(std::move(errand));
    }
    wake();
}

void CommitService::copy_bodies(const storage::CopyBodies& request, CopiedHook copied) {
    Errand errand{request.sequence, {}, std::move(copied), {}};
    if (Status fits = storage::append_frame(errand.frame, request); !fits)
        return errand.copied({request.sequence, fits.error().message, false, {}});
    add_errand(std::move(errand));
}

void CommitService::drop_segments(std::vector<storage::SegmentName> segments) {
    Errand errand;
    storage::DropSegments request{true, std::move(segments)};
    const bool fits = storage::append_frame(errand.frame, request).has_value();
    request.removes = false;
    if (fits && storage::append_frame(errand.others, request)) add_errand(std::move(errand));
}

void CommitService::request_stop() {
    stop_ = true;
    wake();
}

void CommitService::wake() {
    const uint64_t one = 1;
    if (wake_) (void)!::write(wake_.get(), &one, sizeof one);
}

bool CommitService::wait_stopped(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return stopped_changed_.wait_for(lock, timeout, [this] { return stopped_; });
}

CommitStatus CommitService::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

}  // namespace gatepost::controlplane
