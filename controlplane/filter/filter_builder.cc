#include "controlplane/filter/filter_builder.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "storage/base/check.h"

namespace gatepost::controlplane {

FilterBuilder::FilterBuilder() : ready_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    GATEPOST_CHECK(ready_.get() >= 0);
    thread_ = std::thread([this] { run(); });
}

FilterBuilder::~FilterBuilder() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void FilterBuilder::submit(FilterSource source) {
    {
        const std::lock_guard lock(mutex_);
        waiting_ = std::move(source);
        result_.reset();
    }
    changed_.notify_all();
}

std::optional<Result<FilterCompilation>> FilterBuilder::take(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return result_ || (!waiting_ && !busy_); });
    uint64_t count = 0;
    (void)!::read(ready_.get(), &count, sizeof count);
    // One that was overtaken says nothing of what is wanted now.
    if (waiting_ || busy_) return std::nullopt;
    return std::exchange(result_, std::nullopt);
}

void FilterBuilder::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return stop_ || waiting_; });
        if (stop_) return;
        const FilterSource source = std::move(*waiting_);
        waiting_.reset();
        busy_ = true;
        lock.unlock();
        auto result = compile_filter(source);
        lock.lock();
        busy_ = false;
        if (waiting_) continue;
        result_ = std::move(result);
        changed_.notify_all();
        const uint64_t one = 1;
        (void)!::write(ready_.get(), &one, sizeof one);
    }
}

}  // namespace gatepost::controlplane
