#include "controlplane/queue_api/service.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "controlplane/log/event_log.h"
#include "controlplane/queue_api/message_json.h"

namespace gatepost::controlplane {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr std::chrono::seconds kWaitMax{30};             // for mail; proxies give up after 60
constexpr std::chrono::milliseconds kLookInterval{250};  // while somebody waits
// Octets of the messages of one reply: with base64 and JSON about four times as much memory, for
// each thread. One message may be larger, and is then fetched by itself.
constexpr uint64_t kPullOctetsMax = uint64_t{8} << 20;
constexpr size_t kReasonMax = 500;    // octets
constexpr size_t kPiece = 256 << 10;  // octets that are read from the log at once

// "0192f0c4-7b1e-7c33-98c4-dc0c0c07398f", of any version: the database takes nothing else.
bool is_uuid(std::string_view text) {
    constexpr size_t kLength = 36;
    if (text.size() != kLength) return false;
    for (size_t n = 0; n < text.size(); ++n) {
        const bool is_dash = n == 8 || n == 13 || n == 18 || n == 23;
        const char c = text[n];
        const bool is_hex =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (is_dash ? c != '-' : !is_hex) return false;
    }
    return true;
}

// nullopt: it is none, or out of range.
std::optional<unsigned> number_of(const httplib::Request& request, const char* name,
                                  unsigned fallback, unsigned minimum, unsigned maximum) {
    if (!request.has_param(name)) return fallback;
    const std::string text = request.get_param_value(name);
    unsigned value = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || at != end || value < minimum || value > maximum)
        return std::nullopt;
    return value;
}

struct LeaseEnd {
    std::string lease_id;
    std::vector<std::string> ids;
    std::string reason;
    LeaseOutcome outcome = LeaseOutcome::delivered;
};

std::optional<LeaseOutcome> outcome_of(const std::string& action) {
    if (action.empty() || action == "retry") return LeaseOutcome::retry;
    if (action == "hold") return LeaseOutcome::hold;
    if (action == "fail") return LeaseOutcome::failed;
    return std::nullopt;
}

std::string text_member(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<LeaseEnd> parse_lease_end(const std::string& body, bool acknowledges) {
    const json request = json::parse(body, nullptr, false);
    if (!request.is_object())
        return fail(ErrorCode::usage, "expected {{\"lease_id\": …, \"ids\": […]}}");
    LeaseEnd end;
    end.lease_id = text_member(request, "lease_id");
    if (!is_uuid(end.lease_id)) return fail(ErrorCode::usage, "lease_id is missing or none");
    const auto ids = request.find("ids");
    if (ids == request.end() || !ids->is_array() || ids->size() > kLeaseMessagesMax)
        return fail(ErrorCode::usage, "ids is to be a list of at most {}", kLeaseMessagesMax);
    for (const json& id : *ids) {
        if (!id.is_string() || !is_uuid(id.get<std::string>()))
            return fail(ErrorCode::usage, "ids: one of them is no id");
        end.ids.push_back(id.get<std::string>());
    }
    if (acknowledges) return end;
    const auto outcome = outcome_of(text_member(request, "action"));
    if (!outcome) return fail(ErrorCode::usage, "action is retry, hold or fail");
    end.outcome = *outcome;
    for (const char c : text_member(request, "reason").substr(0, kReasonMax))
        end.reason += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    while (!is_utf8(end.reason)) end.reason.pop_back();  // it was cut within a character
    return end;
}

}  // namespace

QueueApiStatus QueueApi::Service::status() const {
    return {counters_.requests,  counters_.refused_addresses, counters_.refused_logins,
            counters_.malformed, counters_.failures,          counters_.leased,
            counters_.delivered, counters_.returned,          counters_.unreadable};
}

void QueueApi::Service::add_to(httplib::Server& server) {
    using Handled = httplib::Server::HandlerResponse;
    server.set_pre_routing_handler([this](const Request& request, Response& response) {
        return admit(request, response) ? Handled::Unhandled : Handled::Handled;
    });
    server.Get("/queue/pull",
               [this](const Request& request, Response& response) { pull(request, response); });
    server.Post("/queue/ack", [this](const Request& request, Response& response) {
        end_lease(request, response, true);
    });
    server.Post("/queue/nack", [this](const Request& request, Response& response) {
        end_lease(request, response, false);
    });
    server.Get("/queue/message/([0-9A-Fa-f-]{36})",
               [this](const Request& request, Response& response) { message(request, response); });
    if (options_.legacy)
        server.Get(
            "/", [this](const Request& request, Response& response) { legacy(request, response); });
    server.set_error_handler([](const Request&, Response& response) {
        if (response.body.empty() && response.status == 404)
            answer(response, {{"title", "Not Found"},
                              {"status", 404},
                              {"detail", "see /queue/pull, /queue/ack, /queue/nack"}});
    });
}

void QueueApi::Service::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stopping_changed_.notify_all();
}

// Before the body is read.
bool QueueApi::Service::admit(const Request& request, Response& response) {
    ++counters_.requests;
    std::string who;
    const AccessVerdict verdict =
        access_.judge(request.remote_addr, request.get_header_value("Authorization"), who);
    switch (verdict) {
        case AccessVerdict::allowed:
            break;
        case AccessVerdict::wrong_address:
            ++counters_.refused_addresses;
            refuse(response, 403, "Forbidden", "this address may not fetch the queue");
            return false;
        case AccessVerdict::unavailable:
            ++counters_.failures;
            refuse(response, 503, "Service Unavailable", "the list of those who may is away");
            return false;
        case AccessVerdict::no_credentials:
        case AccessVerdict::wrong_credentials:
            ++counters_.refused_logins;
            log_warning("queue_api.login_refused").field("address", request.remote_addr);
            response.set_header("WWW-Authenticate", "Basic realm=\"queue\", charset=\"UTF-8\"");
            refuse(response, 401, "Unauthorized", "a token or a password is needed");
            return false;
    }
    // A HEAD would hand messages out to nobody, and a range part of them.
    if ((request.method == "GET" || request.method == "POST") && !request.has_header("Range"))
        return true;
    ++counters_.malformed;
    response.set_header("Allow", "GET, POST");
    refuse(response, 405, "Method Not Allowed", "GET and POST, without Range");
    return false;
}

void QueueApi::Service::pull(const Request& request, Response& response) {
    const auto max = number_of(request, "max", kLeaseMessagesMax, 1, kLeaseMessagesMax);
    const auto wait = number_of(request, "wait", 0, 0, static_cast<unsigned>(kWaitMax.count()));
    const std::string encoding =
        request.has_param("encoding") ? request.get_param_value("encoding") : "base64";
    if (!max || !wait || (encoding != "base64" && encoding != "text"))
        return refuse(response, {ErrorCode::usage,
                                 fmt::format("max is 1 to {}, wait 0 to {} (seconds), encoding "
                                             "base64 or text",
                                             kLeaseMessagesMax, kWaitMax.count())});
    auto lease = take({.messages = *max, .octets = kPullOctetsMax, .duration = options_.lease},
                      std::chrono::seconds(*wait));
    if (!lease) return refuse(response, lease.error());
    ordered_json messages = ordered_json::array();
    for (const LeasedMessage& message : lease->messages) {
        if (message.body.size > kPullOctetsMax) {
            messages.push_back(leased_message_json(message, nullptr, false, lease->id));
            continue;
        }
        auto octets = octets_of(message);
        if (octets)
            messages.push_back(
                leased_message_json(message, &*octets, encoding == "text", lease->id));
        else
            hold_unreadable(lease->id, message, octets.error());
    }
    counters_.leased += messages.size();
    answer(response, {{"lease_id", lease->id.empty() ? ordered_json() : ordered_json(lease->id)},
                      {"expires_at", lease->expires_at.empty() ? ordered_json()
                                                               : ordered_json(lease->expires_at)},
                      {"messages", messages}});
}

void QueueApi::Service::end_lease(const Request& request, Response& response, bool acknowledges) {
    auto end = parse_lease_end(request.body, acknowledges);
    if (!end) return refuse(response, end.error());
    auto ended = finish(end->lease_id, end->ids, end->outcome, end->reason);
    if (!ended) return refuse(response, ended.error());
    ordered_json others = ordered_json::array();
    for (const std::string& id : end->ids) {
        // The database writes them in lower case.
        const bool is_done = std::ranges::any_of(*ended, [&](const std::string& one) {
            return std::ranges::equal(one, id, {}, {}, [](char c) {
                return c >= 'A' && c <= 'F' ? static_cast<char>(c | 0x20) : c;
            });
        });
        if (!is_done) others.push_back(id);
    }
    answer(response, {{acknowledges ? "acked" : "nacked", *ended}, {"not_leased", others}});
}

// A message by itself, as it stands, from the log in pieces.
void QueueApi::Service::message(const Request& request, Response& response) {
    const std::string lease_id = request.get_param_value("lease_id");
    const std::string id = request.matches[1];
    if (!is_uuid(lease_id) || !is_uuid(id))
        return refuse(response, {ErrorCode::usage, "lease_id is missing or none"});
    auto connection = pool_.borrow();
    if (!connection) return refuse(response, connection.error());
    auto found = lease_message(**connection, lease_id, id);
    if (!found) {
        if (found.error().code == ErrorCode::refused)
            return refuse(response, 404, "Not Found", found.error().message);
        return refuse(response, found.error());
    }
    auto folder = storage::MessageFolder::open(options_.messages);
    if (!folder) return refuse(response, folder.error());
    auto opened = folder->body(found->body);
    if (!opened) return refuse(response, opened.error());
    const auto file = std::make_shared<storage::BodyFile>(std::move(*opened));
    response.set_content_provider(
        found->body.size, "message/rfc822",
        [file](size_t offset, size_t length, httplib::DataSink& sink) {
            std::string piece(std::min(length, kPiece), '\0');
            const Status read =
                file->read(offset, {reinterpret_cast<uint8_t*>(piece.data()), piece.size()});
            if (!read)
                log_error("queue_api.message_unreadable").field("error", read.error().message);
            return read && sink.write(piece.data(), piece.size());
        });
}

// As PostOffice had it: what was sent is done. It is so only once all of it was written; a client
// that goes away before gets it again.
void QueueApi::Service::legacy(const Request&, Response& response) {
    auto lease =
        take({.octets = kPullOctetsMax, .duration = options_.lease}, std::chrono::seconds(0));
    if (!lease) return refuse(response, lease.error());
    ordered_json messages = ordered_json::array();
    std::vector<std::string> ids;
    for (const LeasedMessage& message : lease->messages) {
        auto octets = octets_of(message);
        if (!octets) {
            hold_unreadable(lease->id, message, octets.error());
            continue;
        }
        messages.push_back(legacy_message_json(message, *octets));
        ids.push_back(message.blob_id);
    }
    counters_.leased += ids.size();
    if (ids.empty()) return answer(response, messages);
    const auto text = std::make_shared<std::string>(
        messages.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
    response.set_content_provider(
        text->size(), "application/json",
        [text](size_t offset, size_t length, httplib::DataSink& sink) {
            return sink.write(text->data() + offset, length);
        },
        [this, id = lease->id, ids](bool written) {
            auto done = finish(id, ids, written ? LeaseOutcome::delivered : LeaseOutcome::retry,
                               written ? "" : "the connection broke while it was fetched");
            if (!done) log_error("queue_api.lease_failed").field("error", done.error().message);
        });
}

Result<OutboundLease> QueueApi::Service::take_once(const LeaseLimits& limits) {
    auto connection = pool_.borrow();
    if (!connection) return tl::unexpected(std::move(connection).error());
    return lease_take(**connection, limits);
}

// Half of the threads may wait; further ones would keep acknowledgements out, and are answered.
Result<OutboundLease> QueueApi::Service::take(const LeaseLimits& limits,
                                              std::chrono::seconds wait) {
    const auto deadline = std::chrono::steady_clock::now() + wait;
    auto lease = take_once(limits);
    std::unique_lock lock(mutex_);
    if (waiting_ >= options_.threads / 2) return lease;
    ++waiting_;
    while (lease && lease->messages.empty() && !stopping_ &&
           std::chrono::steady_clock::now() < deadline) {
        stopping_changed_.wait_for(lock, kLookInterval, [this] { return stopping_; });
        lock.unlock();
        lease = take_once(limits);
        lock.lock();
    }
    --waiting_;
    return lease;
}

Result<std::string> QueueApi::Service::octets_of(const LeasedMessage& message) {
    auto folder = storage::MessageFolder::open(options_.messages);
    if (!folder) return tl::unexpected(std::move(folder).error());
    auto file = folder->body(message.body);
    if (!file) return tl::unexpected(std::move(file).error());
    return file->read_all();
}

void QueueApi::Service::hold_unreadable(const std::string& lease_id, const LeasedMessage& message,
                                        const Error& error) {
    ++counters_.unreadable;
    log_error("queue_api.message_unreadable")
        .field("blob", message.blob_id)
        .field("error", error.message);
    if (auto held = finish(lease_id, {message.blob_id}, LeaseOutcome::hold, error.message); !held)
        log_error("queue_api.lease_failed").field("error", held.error().message);
}

Result<std::vector<std::string>> QueueApi::Service::finish(const std::string& lease_id,
                                                           const std::vector<std::string>& ids,
                                                           LeaseOutcome outcome,
                                                           const std::string& reason) {
    auto connection = pool_.borrow();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto ended = controlplane::lease_end(**connection, lease_id, ids, outcome, reason);
    if (ended)
        (outcome == LeaseOutcome::delivered ? counters_.delivered : counters_.returned) +=
            ended->size();
    return ended;
}

// RFC 9457
void QueueApi::Service::refuse(Response& response, int status, std::string_view title,
                               const std::string& detail) {
    response.status = status;
    response.set_content(
        ordered_json{{"title", title}, {"status", status}, {"detail", detail}}.dump(
            -1, ' ', false, ordered_json::error_handler_t::replace),
        "application/problem+json");
}

void QueueApi::Service::refuse(Response& response, const Error& error) {
    if (error.code == ErrorCode::usage) {
        ++counters_.malformed;
        return refuse(response, 400, "Bad Request", error.message);
    }
    ++counters_.failures;
    log_error("queue_api.failed").field("error", error.message);
    refuse(response, 503, "Service Unavailable", "the queue cannot be read at the moment");
}

void QueueApi::Service::answer(Response& response, const ordered_json& object) {
    response.set_header("Cache-Control", "no-store");
    response.set_content(object.dump(-1, ' ', false, ordered_json::error_handler_t::replace),
                         "application/json");
}

}  // namespace gatepost::controlplane
