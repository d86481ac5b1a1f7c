#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "dataplane/auth/helper_threads.h"

namespace gatepost::dataplane {

Result<std::unique_ptr<HelperPort>> HelperPort::create(Ring& ring, HelperThreads& threads) {
    // Blocking: the ring's read is to wait, and a write would only at 2^64 - 1 finished jobs.
    UniqueFd doorbell(::eventfd(0, EFD_CLOEXEC));
    if (!doorbell)
        return fail(ErrorCode::refused, "making a worker's doorbell (eventfd): {}",
                    std::strerror(errno));
    {
        std::lock_guard lock(threads.mutex_);
        ++threads.ports_;
    }
    return std::unique_ptr<HelperPort>(new HelperPort(ring, threads, std::move(doorbell)));
}

HelperPort::~HelperPort() {
    close();
    std::lock_guard lock(threads_.mutex_);
    --threads_.ports_;
}

void HelperPort::start() {
    listen();
}

HelperRun HelperPort::run(HelperJob& job) {
    return {*this, job};
}

void HelperPort::close() {
    if (std::exchange(closed_, true)) return;
    threads_.withdraw(*this);
    // Finished jobs that nobody has been told of: their coroutines will be destroyed.
    std::lock_guard lock(mutex_);
    done_ = HelperJobs();
    under_way_ = 0;
}

void HelperPort::listen() {
    io_uring_sqe* request = ring_.next_request();
    ::io_uring_prep_read(request, doorbell_.get(), &rings_, sizeof rings_, 0);
    Ring::route(request, *this);
}

void HelperPort::complete(const Completion& completion) {
    if (closed_) return;
    GATEPOST_CHECK(completion.result == static_cast<int32_t>(sizeof rings_) ||
                   completion.result == -EINTR || completion.result == -EAGAIN);
    listen();
    HelperJobs done;
    {
        std::lock_guard lock(mutex_);
        done = std::exchange(done_, HelperJobs());
    }
    // One that is resumed may end, and its job with it; it may hand over another, or close() this.
    while (HelperJob* job = closed_ ? nullptr : done.pop()) {
        --under_way_;
        HelperRun& waiting = *std::exchange(job->waiting_, nullptr);
        std::exchange(waiting.waiter_, nullptr).resume();
    }
}

void HelperPort::finished(HelperJob& job) {
    bool silent;
    {
        std::lock_guard lock(mutex_);
        silent = done_.empty();
        done_.push(job);
    }
    // Who finds something in the list knows that the bell has been rung for it.
    if (!silent) return;
    const uint64_t one = 1;
    const ssize_t written = ::write(doorbell_.get(), &one, sizeof one);
    GATEPOST_CHECK(written == sizeof one);
}

bool HelperPort::hand_over(HelperRun& run, HelperJob& job) {
    if (closed_) return false;
    job.port_ = this;
    job.waiting_ = &run;
    if (!threads_.submit(job)) return false;
    ++under_way_;
    return true;
}

bool HelperRun::await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;  // before: the job can be done at once
    if (port_.hand_over(*this, job_)) return true;
    waiter_ = nullptr;
    result_ = HelperResult::busy;
    return false;
}

}  // namespace gatepost::dataplane
