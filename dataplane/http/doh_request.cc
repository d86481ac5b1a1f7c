#include "dataplane/http/doh_request.h"

#include <cstring>

#include "dataplane/http/accept.h"
#include "dataplane/http/base64url.h"
#include "dataplane/http/dns_freshness.h"
#include "dataplane/http/dns_json.h"

namespace gatepost::dataplane {

namespace {

constexpr std::string_view kMessageType = "application/dns-message";
constexpr std::string_view kDnsJsonType = "application/dns-json";
constexpr std::string_view kJsonType = "application/json";

std::string_view type_of(DohForm form) {
    switch (form) {
        case DohForm::message:
            return kMessageType;
        case DohForm::dns_json:
            return kDnsJsonType;
        case DohForm::json:
            return kJsonType;
    }
    return kMessageType;
}

Verdict refuse(HttpResponse& response, int status, std::string_view line) {
    response.refuse(status, line);
    return Verdict::respond;
}

Verdict judge_message(const HttpRequest& request, std::string_view text, uint8_t* room,
                      HttpResponse& response, DohQuery& query) {
    if (accepted_quality(request, kMessageType) == 0)
        return refuse(response, 406, "The reply is application/dns-message.\n");
    // Of the alphabet nothing needs an escape but the padding, which some send escaped.
    auto decoded = text.find('%') == std::string_view::npos ? decode_base64url(text, room)
                                                            : decode_percent(text, false, room);
    if (decoded && text.find('%') != std::string_view::npos)
        decoded = decode_base64url({reinterpret_cast<char*>(room), *decoded}, room);
    if (!decoded) return refuse(response, 400, "dns: base64url (RFC 8484) was expected.\n");
    if (*decoded < DohBurst::kMessageMin)
        return refuse(response, 400, "dns: shorter than the header of a DNS message.\n");
    query.form = DohForm::message;
    query.length = static_cast<uint16_t>(*decoded);  // a target is shorter than a message may be
    return Verdict::answer;
}

Verdict judge_json(const HttpRequest& request, uint8_t* room, HttpResponse& response,
                   DohQuery& query) {
    int dns_json = accepted_quality(request, kDnsJsonType);
    int json = accepted_quality(request, kJsonType);
    if (dns_json == 0 && json == 0)
        return refuse(response, 406, "The reply is application/dns-json.\n");
    query.form = json > dns_json ? DohForm::json : DohForm::dns_json;
    auto length = json_query(request.query, room);
    if (!length) {
        response.refuse(400, {});
        TextWriter out(response.text);
        out.put(length.error().message);
        out.put("\n");
        return Verdict::respond;
    }
    query.length = *length;
    return Verdict::answer;
}

// RFC 8484 §4.1, §6.
Verdict judge_post(const HttpRequest& request, HttpResponse& response, DohQuery& query) {
    std::string_view type = media_type(request.header(HeaderName::content_type));
    if (!equals_ignoring_case(type, kMessageType))
        return refuse(response, 415, "The body has to be application/dns-message.\n");
    if (accepted_quality(request, kMessageType) == 0)
        return refuse(response, 406, "The reply is application/dns-message.\n");
    query.form = DohForm::message;
    return Verdict::read_query;
}

}  // namespace

bool is_doh_path(std::string_view path) {
    return path == "/dns-query" || path == "/dns/query";
}

Verdict judge_doh(const HttpRequest& request, uint8_t* room, HttpResponse& response,
                  DohQuery& query) {
    query.head_only = request.method == HttpMethod::head;
    if (request.method == HttpMethod::post) return judge_post(request, response, query);
    if (!request.is_read()) {
        response.allow = "GET, HEAD, POST";
        return refuse(response, 405, "A DNS query is a GET or a POST (RFC 8484).\n");
    }
    if (auto message = query_parameter(request.query, "dns"))
        return judge_message(request, *message, room, response, query);
    if (query_parameter(request.query, "name")) return judge_json(request, room, response, query);
    return refuse(response, 400, "Neither dns= (RFC 8484) nor name= (JSON) is there.\n");
}

bool take_doh_body(Bytes body, uint8_t* room, DohQuery& query, HttpResponse& response) {
    if (body.size() < DohBurst::kMessageMin) {
        response.refuse(400, "The body is shorter than the header of a DNS message.\n");
        return false;
    }
    std::memcpy(room, body.data(), body.size());
    query.length = static_cast<uint16_t>(body.size());  // kHttpBodyMax
    return true;
}

void finish_doh(const DohBurst::Entry& entry, HttpResponse& response) {
    if (entry.reply.empty()) {
        response.refuse(400, "The message is no DNS query.\n");
        return;
    }
    response.content_type = type_of(entry.query.form);
    response.max_age = freshness_s(entry.reply);  // RFC 8484 §5.1
    if (entry.query.form == DohForm::message) {
        response.body = entry.reply;
        return;
    }
    response.any_origin = true;
    TextWriter out(response.text);
    if (!write_json_reply(entry.reply, out) || !out.ok())
        response.refuse(503, "The reply could not be written as JSON.\n");
}

}  // namespace gatepost::dataplane
