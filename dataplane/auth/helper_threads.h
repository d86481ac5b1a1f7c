// Threads for what a worker must not do itself: work that burns the processor for milliseconds
// (password hashes) or that blocks. A coroutine in a worker hands over a job and is resumed in
// that worker when the job is done:
//
//   CredentialCheck check;               // a HelperJob, in the coroutine's frame
//   auto ran = co_await port.run(check);
//   if (ran == HelperResult::busy) …     // too many wait already: nothing was done
//
// The number of jobs that wait is bounded, so that a flood of logins costs memory for those only,
// and is answered at once with a temporary failure instead of late.
#pragma once

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/reactor/ring.h"
#include "storage/base/check.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

class HelperPort;
class HelperRun;

class HelperJob {
  public:
    virtual ~HelperJob() = default;
    // Called in a helper thread, while the coroutine that owns the job waits. It may use nothing
    // that belongs to a worker: no ring, no stream, no view into an arena.
    virtual void run() = 0;

  protected:
    HelperJob() = default;
    HelperJob(const HelperJob&) = delete;
    HelperJob& operator=(const HelperJob&) = delete;

  private:
    friend class HelperJobs;
    friend class HelperPort;
    friend class HelperRun;
    friend class HelperThreads;

    HelperJob* next_ = nullptr;
    HelperPort* port_ = nullptr;
    HelperRun* waiting_ = nullptr;
};

// Jobs in the order in which they came.
class HelperJobs {
  public:
    bool empty() const { return first_ == nullptr; }
    void push(HelperJob& job);
    HelperJob* pop();  // nullptr: there is none

  private:
    HelperJob* first_ = nullptr;
    HelperJob* last_ = nullptr;
};

enum class HelperResult : uint8_t {
    done,
    busy,  // the queue is full, or the port is closed: the job has not run
};

struct HelperThreadsOptions {
    unsigned count = 2;      // threads
    size_t queue_max = 256;  // jobs that wait for a thread
    std::string name = "helper";
};

class HelperThreads {
  public:
    // Returns when every thread runs and has made the system calls that it makes only once: the
    // system-call filter may be switched on then. The threads yield to the workers (nice).
    static std::unique_ptr<HelperThreads> start(const HelperThreadsOptions& options);
    // After all ports are gone.
    ~HelperThreads();

    struct Counts {
        uint64_t done = 0;  // jobs that have run
        uint64_t busy = 0;  // jobs that were refused, the queue being full
        size_t waiting = 0;
    };
    Counts counts() const;

  private:
    friend class HelperPort;
    explicit HelperThreads(const HelperThreadsOptions& options) : options_(options) {}

    bool submit(HelperJob& job);
    // Takes the port's jobs out of the queue and waits for those that run.
    void withdraw(HelperPort& port);
    void serve();

    const HelperThreadsOptions options_;
    mutable std::mutex mutex_;
    std::condition_variable work_;     // there is a job, or the end
    std::condition_variable settled_;  // a port has no job running any more
    HelperJobs queue_;
    size_t waiting_ = 0;
    size_t ports_ = 0;
    bool stop_ = false;
    std::atomic<uint64_t> done_{0};
    std::atomic<uint64_t> busy_{0};
    std::vector<std::thread> threads_;
};

// A worker's end. Of the worker's thread, but for what helper threads do under its mutex.
//
// A coroutine whose job is queued or runs must not be destroyed (GATEPOST_CHECK), as with a
// request of the ring: it is to be resumed, and ends then. At the worker's end close() comes first;
// afterwards no job of the port runs any more, no coroutine is resumed by it, and those that wait
// can be destroyed.
class HelperPort final : private Operation {
  public:
    // `ring` takes IORING_OP_READ; both outlive the port, but for the ring at the worker's end: it
    // goes first, being what still knows the port's buffer.
    static Result<std::unique_ptr<HelperPort>> create(Ring& ring, HelperThreads& threads);
    ~HelperPort();

    // In the ring's thread, once the ring is enabled.
    void start();
    // Awaited at once. The job stays in place until then; it may be run again afterwards.
    HelperRun run(HelperJob& job);
    // Waits for the jobs of this port that run just now: for one password hash, or one look-up.
    // run() gives `busy` from then on.
    void close();

    size_t under_way() const { return under_way_; }

  private:
    friend class HelperRun;
    friend class HelperThreads;
    HelperPort(Ring& ring, HelperThreads& threads, UniqueFd doorbell)
        : ring_(ring), threads_(threads), doorbell_(std::move(doorbell)) {}

    void complete(const Completion& completion) override;
    void listen();
    bool hand_over(HelperRun& run, HelperJob& job);
    void finished(HelperJob& job);  // in a helper thread

    Ring& ring_;
    HelperThreads& threads_;
    UniqueFd doorbell_;   // eventfd(2)
    uint64_t rings_ = 0;  // what is read from it
    size_t under_way_ = 0;
    bool closed_ = false;
    size_t running_ = 0;  // under HelperThreads::mutex_
    std::mutex mutex_;
    HelperJobs done_;  // under mutex_
};

class [[nodiscard]] HelperRun {
  public:
    HelperRun(HelperPort& port, HelperJob& job) : port_(port), job_(job) {}
    HelperRun(const HelperRun&) = delete;
    HelperRun& operator=(const HelperRun&) = delete;
    ~HelperRun() { GATEPOST_CHECK(!waiter_ || port_.closed_); }

    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> waiter);
    HelperResult await_resume() const { return result_; }

  private:
    friend class HelperPort;

    HelperPort& port_;
    HelperJob& job_;
    std::coroutine_handle<> waiter_;
    HelperResult result_ = HelperResult::done;
};

}  // namespace gatepost::dataplane
