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

#include "controlplane/mailboxes/database_agreement.h"
#include "controlplane/mailboxes/pipeline.h"
#include "storage/base/unique_fd.h"

namespace gatepost::controlplane {

struct DatabaseLinkOptions {
    std::string dsn;
    std::string application_name;
    std::string begin_session;     // SQL
    DatabaseAgreement& agreement;  // outlives the link
    // A server that does not answer for so long is taken for dead; its statement_timeout ends
    // first.
    std::chrono::seconds answer_max = kAnswerMax;

    static constexpr std::chrono::seconds kAnswerMax{45};
};

// What a job asks for by.
class DatabaseSession {
  public:
    // `identity`: of the server. `era`: in which the job was given.
    DatabaseSession(Pipeline* pipeline, int wake, const std::atomic<bool>& stop,
                    const DatabaseLinkOptions& options, const std::string& identity, uint64_t era)
        : pipeline_(pipeline),
          wake_(wake),
          stop_(stop),
          options_(options),
          agreement_(options.agreement),
          identity_(identity),
          era_(era) {}

    const std::string& identity() const { return identity_; }
    // See Pipeline::run. While the database is away, or another server than the one that all
    // follow: a failure, at once. Where the era ends meanwhile: a failure; it may have been done.
    Pipeline::Results run(std::span<const PipelineQuery> queries);
    // Whichever server it is.
    Pipeline::Results run_anywhere(std::span<const PipelineQuery> queries);
    // Ends the connection; there will be another one.
    void leave();
    bool has_left() const { return has_left_; }
    // See Pipeline::stream.
    tl::expected<void, PipelineFailure> stream(const std::string& sql,
                                               const Pipeline::TakeMessage& take);
    bool is_stopping() const { return stop_; }

  private:
    // `wait` outlives its use.
    void prepare(StatementWait& wait) const;

    Pipeline* pipeline_;
    int wake_;
    const std::atomic<bool>& stop_;
    const DatabaseLinkOptions& options_;
    const DatabaseAgreement& agreement_;
    const std::string& identity_;
    const uint64_t era_;
    bool has_left_ = false;
};

// Of what was begun, or asked for, before all followed the server that they follow now.
PipelineFailure another_server();

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
    // Whether other connections have found a newer server.
    bool is_left_behind() const;
    // The next attempt comes later, unless there was no pause of late.
    void pause();
    void lost(const Error& error);
    // Waits for jobs, for the end, for the time of another attempt to connect, or for the end of
    // the connection.
    void wait();
    struct Posted {
        uint64_t era = 0;
        Job job;
    };
    std::optional<Posted> next_job();

    const DatabaseLinkOptions options_;
    const Changed changed_;
    UniqueFd wake_;  // readable once the thread is to stop
    UniqueFd news_;  // readable while there may be jobs
    std::atomic<bool> stop_{false};
    std::mutex mutex_;
    std::condition_variable stopped_changed_;
    std::deque<Posted> jobs_;
    bool stopped_ = true;
    // Of the thread.
    Pipeline pipeline_{Connection()};
    std::string identity_;  // of the server
    bool was_open_ = false;
    std::chrono::milliseconds backoff_;
    Clock::time_point next_attempt_{};
    Clock::time_point left_at_{};
    std::string logged_error_;
    Clock::time_point logged_at_{};
    std::thread thread_;
};

}  // namespace gatepost::controlplane
