// What all sessions of one listener of one worker share: options, the burst of DNS queries, the
// date; and the way from a request to its response.
#pragma once

#include <memory>

#include "dataplane/http/date_clock.h"
#include "dataplane/http/doh_burst.h"
#include "dataplane/http/http_environment.h"
#include "dataplane/http/http_options.h"
#include "dataplane/http/response.h"

namespace gatepost::dataplane {

// What becomes of a request, as its head says.
enum class Verdict : uint8_t {
    respond,     // the response is complete
    answer,      // a DNS query is in the burst's room; its reply is the response
    read_query,  // the body will be the DNS query
};

class HttpHost {
  public:
    static Result<std::unique_ptr<HttpHost>> create(const HttpOptions& options,
                                                    HttpEnvironment& environment);

    const HttpOptions& options() const { return options_; }
    HttpEnvironment& environment() { return environment_; }
    DohBurst& burst() { return *burst_; }
    const DateClock& date() const { return date_; }
    BufferPool& buffers() { return environment_.buffers(); }

    // At the beginning of each piece of a session's work.
    void set_time() { date_.set(environment_.unix_s()); }
    // Decides about a request. The burst must have room.
    Verdict judge(const HttpRequest& request, HttpResponse& response, DohQuery& query);
    // A body that judge() wanted to read is complete: the query is put into the burst's room.
    // False: the response is complete instead.
    bool take_body(Bytes body, DohQuery& query, HttpResponse& response);
    // Makes the response to an answered query.
    void finish(const DohBurst::Entry& entry, HttpResponse& response);
    void count(HttpVersion version, int status);
    // Answers the burst's queries.
    void answer_burst();
    uint64_t received() const { return received_; }  // DNS queries since start

  private:
    HttpHost(const HttpOptions& options, HttpEnvironment& environment)
        : options_(options), environment_(environment) {}

    Verdict judge_public(const HttpRequest& request, HttpResponse& response, DohQuery& query);
    Verdict judge_plain(const HttpRequest& request, HttpResponse& response);
    Verdict judge_admin(const HttpRequest& request, HttpResponse& response);
    bool answer_challenge(const HttpRequest& request, HttpResponse& response);
    bool redirect(const HttpRequest& request, HttpResponse& response);
    void show_address(const HttpRequest& request, HttpResponse& response);

    HttpOptions options_;
    HttpEnvironment& environment_;
    std::unique_ptr<DohBurst> burst_;
    DateClock date_;
    uint64_t received_ = 0;
};

}  // namespace gatepost::dataplane
