#include "dataplane/worker/worker_thread.h"

#include <pthread.h>
#include <time.h>

#include <cstring>

namespace gatepost::dataplane {

namespace {

Status pin_to_core(int core) {
    if (core < 0) return {};
    if (core >= CPU_SETSIZE)
        return fail(ErrorCode::usage, "core {} is beyond {}", core, CPU_SETSIZE - 1);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(core), &one);
    int error = ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
    if (error != 0)
        return fail(ErrorCode::usage,
                    "pinning a worker to core {}: {}; 'nproc --all' tells how many there are", core,
                    std::strerror(error));
    return {};
}

}  // namespace

WorkerThread::~WorkerThread() {
    stop();
}

void WorkerThread::start() {
    thread_ = std::thread([this] { run(); });
}

void WorkerThread::stop() {
    stop_.store(true, std::memory_order_relaxed);
    if (thread_.joinable()) thread_.join();
}

void WorkerThread::run() {
    ::pthread_setname_np(::pthread_self(), name_.c_str());
    Status status = pin_to_core(core_);
    if (status) status = begin();
    if (status) state_.store(State::serving, std::memory_order_release);
    while (status && !stop_.load(std::memory_order_relaxed)) status = turn();
    end(status.has_value());
    if (status) return;
    error_ = wrap(name_, status.error()).value();
    state_.store(State::failed, std::memory_order_release);
}

uint64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace gatepost::dataplane
