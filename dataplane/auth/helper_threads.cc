#include "dataplane/auth/helper_threads.h"

#include <pthread.h>
#include <sys/resource.h>

#include <latch>

namespace gatepost::dataplane {

namespace {

// A helper that shares a busy worker's core gets a sixth of it: passwords do not hold up DNS.
constexpr int kNice = 7;

}  // namespace

void HelperJobs::push(HelperJob& job) {
    job.next_ = nullptr;
    (last_ == nullptr ? first_ : last_->next_) = &job;
    last_ = &job;
}

HelperJob* HelperJobs::pop() {
    HelperJob* job = first_;
    if (job == nullptr) return nullptr;
    first_ = job->next_;
    if (first_ == nullptr) last_ = nullptr;
    return job;
}

std::unique_ptr<HelperThreads> HelperThreads::start(const HelperThreadsOptions& options) {
    GATEPOST_CHECK(options.count > 0);
    std::unique_ptr<HelperThreads> helpers(new HelperThreads(options));
    std::latch ready(options.count);
    for (unsigned i = 0; i < options.count; ++i) {
        helpers->threads_.emplace_back([&ready, all = helpers.get(), i] {
            const std::string name = all->options_.name + std::to_string(i);
            ::pthread_setname_np(::pthread_self(), name.c_str());
            ::setpriority(PRIO_PROCESS, 0, kNice);  // of this thread; it works without as well
            ready.count_down();
            all->serve();
        });
    }
    ready.wait();
    return helpers;
}

HelperThreads::~HelperThreads() {
    GATEPOST_CHECK(ports_ == 0);
    {
        std::lock_guard lock(mutex_);
        stop_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

HelperThreads::Counts HelperThreads::counts() const {
    std::lock_guard lock(mutex_);
    return {done_.load(std::memory_order_relaxed), busy_.load(std::memory_order_relaxed), waiting_};
}

bool HelperThreads::submit(HelperJob& job) {
    {
        std::lock_guard lock(mutex_);
        if (waiting_ >= options_.queue_max) {
            busy_.fetch_add(1, std::memory_order_relaxed);
            return false;
        }
        queue_.push(job);
        ++waiting_;
    }
    work_.notify_one();
    return true;
}

void HelperThreads::withdraw(HelperPort& port) {
    std::unique_lock lock(mutex_);
    HelperJobs others;
    while (HelperJob* job = queue_.pop()) {
        if (job->port_ == &port)
            --waiting_;
        else
            others.push(*job);
    }
    queue_ = others;
    settled_.wait(lock, [&port] { return port.running_ == 0; });
}

void HelperThreads::serve() {
    std::unique_lock lock(mutex_);
    while (true) {
        work_.wait(lock, [this] { return stop_ || !queue_.empty(); });
        HelperJob* job = queue_.pop();
        if (job == nullptr) return;
        --waiting_;
        HelperPort& port = *job->port_;
        ++port.running_;
        lock.unlock();
        job->run();
        done_.fetch_add(1, std::memory_order_relaxed);
        port.finished(*job);  // the job may be gone from here on; the port stays for running_
        lock.lock();
        if (--port.running_ == 0) settled_.notify_all();
    }
}

}  // namespace gatepost::dataplane
