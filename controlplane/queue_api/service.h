// What the requests do. Private to this folder.
#pragma once

#include <httplib.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "controlplane/model/outbound_lease.h"
#include "controlplane/queue_api/access.h"
#include "controlplane/queue_api/connection_pool.h"
#include "controlplane/queue_api/queue_api.h"
#include "storage/message_log/body_file.h"

namespace gatepost::controlplane {

class QueueApi::Service {
  public:
    Service(QueueApiOptions options, NetworkList networks)
        : options_(std::move(options)),
          access_(options_.token_file, options_.users_file, std::move(networks)),
          pool_(options_.dsn) {}

    const QueueApiOptions& options() const { return options_; }
    Access& access() { return access_; }
    QueueApiStatus status() const;

    // Sets the routes, and what comes before them.
    void add_to(httplib::Server& server);
    // Those who wait for mail are answered.
    void stop();

  private:
    using Request = httplib::Request;
    using Response = httplib::Response;

    bool admit(const Request& request, Response& response);
    void pull(const Request& request, Response& response);
    void end_lease(const Request& request, Response& response, bool acknowledges);
    void message(const Request& request, Response& response);
    void legacy(const Request& request, Response& response);

    Result<OutboundLease> take(const LeaseLimits& limits, std::chrono::seconds wait);
    Result<OutboundLease> take_once(const LeaseLimits& limits);
    Result<std::string> octets_of(const LeasedMessage& message);
    // What cannot be read is held, with the reason.
    void hold_unreadable(const std::string& lease_id, const LeasedMessage& message,
                         const Error& error);
    Result<std::vector<std::string>> finish(const std::string& lease_id,
                                            const std::vector<std::string>& ids,
                                            LeaseOutcome outcome, const std::string& reason);

    void refuse(Response& response, int status, std::string_view title, const std::string& detail);
    void refuse(Response& response, const Error& error);
    static void answer(Response& response, const nlohmann::ordered_json& object);

    struct Counters {
        std::atomic<uint64_t> requests{0}, refused_addresses{0}, refused_logins{0}, malformed{0},
            failures{0}, leased{0}, delivered{0}, returned{0}, unreadable{0};
    };

    const QueueApiOptions options_;
    Access access_;
    ConnectionPool pool_;
    Counters counters_;
    std::mutex mutex_;
    std::condition_variable stopping_changed_;
    bool stopping_ = false;
    unsigned waiting_ = 0;  // requests that wait for mail
};

}  // namespace gatepost::controlplane
