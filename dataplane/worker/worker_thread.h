// The thread of a worker: pinned to its core, named, stopped between two turns. What a turn is, the
// worker says (worker.h: the kernel's sockets; poll_worker.h: a device's queue).
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "storage/arena/qsbr.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

class WorkerThread {
  public:
    virtual ~WorkerThread();
    WorkerThread(const WorkerThread&) = delete;
    WorkerThread& operator=(const WorkerThread&) = delete;

    void start();
    // Ends the thread after its current turn, and waits for that.
    void stop();

    enum class State : uint8_t { starting, serving, failed };
    State state() const { return state_.load(std::memory_order_acquire); }
    // Why, once it has failed.
    const Error& error() const { return error_; }
    // See ImageSource::add_reader.
    const std::atomic<uint64_t>& turns() const { return turns_; }

  protected:
    // `core` -1: not pinned.
    WorkerThread(std::string name, int core) : name_(std::move(name)), core_(core) {}

    // In the thread: once at its start, then turn() until stop() or an error, then once at the end
    // (`orderly`: without an error).
    virtual Status begin() = 0;
    virtual Status turn() = 0;
    virtual void end(bool orderly) = 0;

    // No reference into any image is held.
    void count_turn() {
        turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

  private:
    void run();

    std::string name_;
    int core_;
    Error error_;
    std::thread thread_;
    alignas(storage::kCacheLine) std::atomic<uint64_t> turns_{0};
    std::atomic<State> state_{State::starting};
    std::atomic<bool> stop_{false};
};

// CLOCK_MONOTONIC.
uint64_t monotonic_ns();

}  // namespace gatepost::dataplane
