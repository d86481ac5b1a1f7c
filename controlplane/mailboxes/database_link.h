// A connection to PostgreSQL with a thread of its own, which runs jobs one after the other and
// connects again when the database comes back. While it is away, jobs are told so at once.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "controlplane/mailboxes/pipeline.h"
#include "storage/base/unique_fd.h"

namespace gatepost::controlplane {

// What a job asks for by.
class DatabaseSession {
  public:
    DatabaseSession(Pipeline* pipeline, int wake, const std::atomic<bool>& stop)
        : pipeline_(pipeline), wake_(wake), stop_(stop) {}

    // See Pipeline::run. While the database is away: a failure, at once.
    Pipeline::Results run(std::span<const PipelineQuery> queries);

  private:
    Pipeline* pipeline_;
    int wake_;
    const std::atomic<bool>& stop_;
};

struct DatabaseLinkOptions {
    std::string dsn;
    std::string application_name;
    std::string begin_session;  // SQL
};

class DatabaseLink {
  public:
    using Job = std::function<void(DatabaseSession&)>;
    // In the link's thread: the database is there, or is not, and why.
    using Changed = std::function<void(bool connected, const std::string& error)>;

    DatabaseLink(DatabaseLinkOptions options, Changed changed);
    // Forgets what was not begun.
    ~DatabaseLink();

    Status start();
    void request_stop();
    // Any thread.
    void post(Job job);
    // False: the thread still runs after that time.
    bool wait_stopped(std::chrono::milliseconds timeout);

  private:
    using Clock = std::chrono::steady_clock;

    void run();
    void connect();
    void lost(const Error& error);
    // Waits for jobs, for the end, for the time of another attempt to connect, or for the end of
    // the connection.
    void wait();
    std::optional<Job> next_job();

    const DatabaseLinkOptions options_;
    const Changed changed_;
    UniqueFd wake_;  // readable once the thread is to stop
    UniqueFd news_;  // readable while there may be jobs
    std::atomic<bool> stop_{false};
    std::mutex mutex_;
    std::condition_variable stopped_changed_;
    std::deque<Job> jobs_;
    bool stopped_ = true;
    // Of the thread.
    Pipeline pipeline_{Connection()};
    bool was_open_ = false;
    std::chrono::milliseconds backoff_;
    Clock::time_point next_attempt_{};
    std::string logged_error_;
    Clock::time_point logged_at_{};
    std::thread thread_;
};

}  // namespace gatepost::controlplane
