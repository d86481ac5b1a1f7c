// Threads for the HTTP library, whose own queue of connections has no bound: here the thread that
// accepts waits while all are busy, and further clients wait in the kernel.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gatepost::controlplane {

class ThreadQueue final : public httplib::TaskQueue {
  public:
    explicit ThreadQueue(unsigned threads) {
        for (unsigned n = 0; n < threads; ++n) threads_.emplace_back([this] { run(); });
    }

    void enqueue(std::function<void()> job) override {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return jobs_.size() + busy_ < threads_.size(); });
        jobs_.push_back(std::move(job));
        changed_.notify_all();
    }

    void shutdown() override {
        {
            const std::lock_guard lock(mutex_);
            is_ending_ = true;
        }
        changed_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

  private:
    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return !jobs_.empty() || is_ending_; });
            if (jobs_.empty()) return;
            const std::function<void()> job = std::move(jobs_.front());
            jobs_.pop_front();
            ++busy_;
            lock.unlock();
            job();
            lock.lock();
            --busy_;
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> jobs_;
    size_t busy_ = 0;
    bool is_ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace gatepost::controlplane
