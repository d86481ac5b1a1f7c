// The keeper of certificates, in a thread and with a connection of its own: sees to it that there
// is a self-signed certificate wherever one is needed (keeper_pass.h), at its start, whenever
// certificates change, and once an hour; and says in the log what runs out.
//
// Events: `certificate.made`; `certificate.expires`, a warning from 30 days on and an error from 7,
// once a day for each certificate in use; `certificate.key_unknown`, once a day;
// `certificate.keeper_failed`, an unchanged reason once an hour.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "controlplane/pg/connection.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "storage/secret/sealed.h"

namespace gatepost::controlplane {

struct KeeperOptions {
    std::string dsn;
    std::string key_file;
    // What was read of the file before this process became another user; may be empty.
    storage::KeyRing ring;
    std::string server_name;  // a host name; empty: none
    std::chrono::milliseconds interval{std::chrono::hours(1)};
    // After a change: what else changes meanwhile is looked at together.
    std::chrono::milliseconds settle{200};
    // After a failure, twice as long after each further one.
    std::chrono::milliseconds retry_min{500};
    std::chrono::milliseconds retry_max{std::chrono::seconds(30)};
};

class CertificateKeeper {
  public:
    explicit CertificateKeeper(KeeperOptions options);
    // Stops, and waits for the thread however long that takes.
    ~CertificateKeeper();

    Status start();
    void request_stop();
    // False where the thread still runs after that time: a connection attempt cannot be
    // interrupted.
    bool wait_stopped(std::chrono::milliseconds timeout);

  private:
    using Clock = std::chrono::steady_clock;

    void run();
    // Until it is told to stop (ok), or something fails.
    Status work();
    Status look(Connection& connection);
    // What runs out, and what cannot be used here.
    Status report(Connection& connection, const storage::KeyRing& ring, int64_t now_s);
    // Returns when a change was notified, `until` has come, or it is told to stop.
    Status wait_for_change(Connection& connection, Clock::time_point until);
    void pause(std::chrono::milliseconds duration);
    void note_failure(const Error& error);
    // True once a day for each `what`.
    bool is_news(const std::string& what, int64_t now_s);

    KeeperOptions options_;
    UniqueFd wake_;  // an eventfd: to be stopped
    std::atomic<bool> stop_{false};
    std::map<std::string, int64_t> told_;  // what was logged, and on which day
    Clock::time_point report_at_{};
    std::string last_failure_;
    Clock::time_point last_failure_at_{};
    std::mutex stopped_mutex_;
    std::condition_variable stopped_changed_;
    bool stopped_ = true;
    std::thread thread_;
};

}  // namespace gatepost::controlplane
