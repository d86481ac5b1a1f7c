#include "dataplane/http/http_host.h"

#include <algorithm>

#include "dataplane/http/accept.h"
#include "dataplane/http/bearer_token.h"
#include "dataplane/http/doh_request.h"
#include "dataplane/http/forwarded_for.h"
#include "dataplane/http/mail_autoconfig.h"
#include "dataplane/http/metrics.h"
#include "dataplane/http/readiness.h"
#include "dataplane/http/redirect_location.h"

namespace gatepost::dataplane {

namespace {

using storage::EntryKind;

constexpr std::string_view kChallengePath = "/.well-known/acme-challenge/";
constexpr size_t kChallengeTokenMax = 128;  // octets; certificate authorities use 43

// Browsers keep permanent redirects for ever, unless they are told otherwise: a row that changes is
// to be in force soon.
constexpr uint32_t kRedirectAgeS = 300;

constexpr std::string_view kOpenMetrics = "application/openmetrics-text";
constexpr std::string_view kOpenMetricsType =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";
constexpr std::string_view kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

Verdict refuse_site(HttpResponse& response, int status, std::string_view line) {
    response.refuse(status, line);
    return Verdict::respond;
}

Verdict not_found(HttpResponse& response) {
    return refuse_site(response, 404, "There is nothing at this path.\n");
}

// RFC 9110 §15.5.6: with the methods that would do.
Verdict read_only(HttpResponse& response) {
    response.allow = "GET, HEAD";
    return refuse_site(response, 405, "Only GET and HEAD are possible here.\n");
}

Verdict say_ok(HttpResponse& response) {
    response.refuse(200, "ok\n");
    return Verdict::respond;
}

}  // namespace

Result<std::unique_ptr<HttpHost>> HttpHost::create(const HttpOptions& options,
                                                   HttpEnvironment& environment) {
    std::unique_ptr<HttpHost> host(new HttpHost(options, environment));
    auto burst = DohBurst::create();
    if (!burst) return tl::unexpected(burst.error());
    host->burst_ = std::move(*burst);
    return host;
}

Verdict HttpHost::judge(const HttpRequest& request, HttpResponse& response, DohQuery& query) {
    switch (options_.site) {
        case HttpSite::public_https:
            response.transport_security_s = options_.transport_security_s;
            return judge_public(request, response, query);
        case HttpSite::public_http:
            return judge_plain(request, response);
        case HttpSite::admin:
            return judge_admin(request, response);
    }
    return not_found(response);
}

Verdict HttpHost::judge_public(const HttpRequest& request, HttpResponse& response,
                               DohQuery& query) {
    bool doh = is_doh_path(request.path);
    // RFC 8470 §5.2: what may have been replayed is answered where doing it twice does no harm.
    if (request.early_data && !(doh && request.is_read()))
        return refuse_site(response, 425, "Try again when the handshake is complete.\n");
    if (answer_challenge(request, response) || redirect(request, response)) return Verdict::respond;
    if (doh) return judge_doh(request, burst_->room(), response, query);
    if (is_autoconfig_path(request.path))
        return judge_autoconfig(request, options_.mail, environment_, response, query);
    bool address = request.path == "/dns/ip";
    if (!address && request.path != "/healthz") return not_found(response);
    if (!request.is_read()) return read_only(response);
    if (!address) return say_ok(response);
    show_address(request, response);
    return Verdict::respond;
}

Verdict HttpHost::judge_plain(const HttpRequest& request, HttpResponse& response) {
    if (answer_challenge(request, response) || redirect(request, response)) return Verdict::respond;
    auto location = https_location(request, options_.https_port);
    if (!location) return refuse_site(response, 400, "The request names no host.\n");
    response.refuse(308, "This site is at https.\n");
    response.no_store = false;
    response.max_age = kRedirectAgeS;
    response.location = std::move(*location);
    return Verdict::respond;
}

Verdict HttpHost::judge_admin(const HttpRequest& request, HttpResponse& response) {
    bool health = request.path == "/healthz" || request.path == "/readyz";
    if (!health && request.path != "/metrics" && request.path != "/status")
        return not_found(response);
    if (!request.is_read()) return read_only(response);
    if (request.path == "/healthz") return say_ok(response);
    if (!health && !options_.bearer_token.empty() &&
        !has_bearer_token(request, options_.bearer_token)) {
        response.authenticate = true;
        return refuse_site(response, 401, "A bearer token is needed.\n");
    }
    response.no_store = true;
    TextWriter out(response.text);
    if (request.path != "/metrics") {
        response.content_type = "application/json";
        bool fine = write_readiness(environment_, options_, request.path == "/status", out);
        if (!fine && health) response.status = 503;
    } else {
        bool open =
            accepted_quality(request, kOpenMetrics) >= accepted_quality(request, "text/plain");
        response.content_type = open ? kOpenMetricsType : kPrometheusType;
        write_metrics(environment_, options_, open, out);
    }
    if (!out.ok()) return refuse_site(response, 503, "The worker's buffers are all in use.\n");
    return Verdict::respond;
}

// RFC 8555 §8.3.
bool HttpHost::answer_challenge(const HttpRequest& request, HttpResponse& response) {
    if (!request.path.starts_with(kChallengePath)) return false;
    std::string_view token = request.path.substr(kChallengePath.size());
    bool in_alphabet = std::ranges::all_of(token, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_';
    });
    char room[kHostKeyMax];
    std::string key(host_key(request, room));
    if (!request.is_read()) {
        read_only(response);
        return true;
    }
    std::optional<storage::DirectoryEntry> entry;
    if (!token.empty() && in_alphabet && token.size() <= kChallengeTokenMax && !key.empty()) {
        key.append("/").append(token);
        entry = environment_.find(EntryKind::acme_challenge, key);
    }
    if (!entry) {
        not_found(response);
        return true;
    }
    response.content_type = "application/octet-stream";
    response.no_store = true;
    response.body = entry->value;
    return true;
}

bool HttpHost::redirect(const HttpRequest& request, HttpResponse& response) {
    char room[kHostKeyMax];
    std::string_view host = host_key(request, room);
    if (host.empty()) return false;
    auto entry = environment_.find(EntryKind::redirect, host);
    if (!entry) return false;
    auto redirect = storage::decode_redirect(entry->value);
    if (!redirect) return false;
    bool plain = options_.site == HttpSite::public_http;
    auto location = redirect_location(*redirect, request, plain ? "http" : "https");
    if (!location) return false;
    response.refuse(redirect->code, "This is elsewhere: see Location.\n");
    response.no_store = false;
    response.max_age = kRedirectAgeS;
    response.location = std::move(*location);
    return true;
}

// The whole response is the address: programs of people who have no static one read it.
void HttpHost::show_address(const HttpRequest& request, HttpResponse& response) {
    response.refuse(200, {});
    response.client_address = client_behind_proxies(request, options_.trusted_proxies).text();
    TextWriter out(response.text);
    out.put(response.client_address);
}

bool HttpHost::take_body(Bytes body, DohQuery& query, HttpResponse& response) {
    if (query.autodiscover) {
        response.transport_security_s = options_.transport_security_s;
        take_autodiscover_body(body, options_.mail, environment_, response);
        return false;
    }
    return take_doh_body(body, burst_->room(), query, response);
}

void HttpHost::answer_burst() {
    received_ += burst_->entries().size();
    burst_->answer(environment_.answerer());
}

void HttpHost::finish(const DohBurst::Entry& entry, HttpResponse& response) {
    response.transport_security_s = options_.transport_security_s;
    finish_doh(entry, response);
}

void HttpHost::count(HttpVersion version, int status) {
    auto& requests = environment_.counters().http_requests[static_cast<size_t>(version)];
    auto status_class = static_cast<size_t>(std::clamp(status / 100, 1, 5) - 1);
    storage::count(requests[status_class]);
}

}  // namespace gatepost::dataplane
