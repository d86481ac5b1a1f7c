#include "dataplane/http/http1_session.h"

#include <cstring>

#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

using storage::StreamEnd;

char* put(char* at, std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    return at + text.size();
}

std::string_view refusal_line(int status) {
    switch (status) {
        case 408:
            return "The request took too long to come.\n";
        case 413:
            return "The body is longer than a DNS message can be.\n";
        case 414:
            return "The target is too long.\n";
        case 417:
            return "Only 100-continue can be expected.\n";
        case 431:
            return "The headers are too many or too long.\n";
        case 501:
            return "That method or transfer coding is not known here.\n";
        case 505:
            return "HTTP/1.1, HTTP/1.0 and HTTP/2 are spoken here.\n";
        default:
            return "The request is malformed.\n";
    }
}

}  // namespace

Task<> Http1Session::run() {
    Next next = Next::head;
    while (true) {
        GATEPOST_CHECK(host_.burst().is_empty());
        host_.set_time();
        // Everything that has come, then the replies, then more.
        bool stuck = false;
        while (next != Next::end && !stuck && stream_.unsent() < kHttpUnsentMax) {
            size_t before = stream_.input().size();
            bool reading_body = next == Next::body;
            next = reading_body ? take_body() : take_head();
            stuck = stream_.input().size() == before && reading_body == (next == Next::body);
        }
        if (!flush()) co_return;
        if (next == Next::end) co_return;  // what was written is sent by whoever called us
        if (stream_.unsent() != 0) {
            stream_.expect_within(host_.options().write_ms);
            begun_ = false;
            StreamStatus status = co_await stream_.push(kHttpUnsentMax / 2);
            if (status != StreamStatus::ok) {
                end_with(status);
                if (status == StreamStatus::timeout) session_.end = StreamEnd::not_read;
                co_return;
            }
        }
        if (!stuck) continue;
        bool under_way = parser_.has_begun() || next == Next::body;
        if (!under_way && session_.draining) {
            session_.end = StreamEnd::drained;
            co_return;
        }
        if (!under_way || !begun_)
            stream_.expect_within(under_way ? host_.options().request_ms : idle_ms());
        begun_ = under_way;
        StreamStatus status = co_await stream_.fill();
        if (status == StreamStatus::ok || status == StreamStatus::woken) continue;
        end_with(status);
        if (status == StreamStatus::timeout && under_way) {
            session_.end = StreamEnd::deadline;
            host_.set_time();
            refuse(408);
        }
        co_return;
    }
}

uint64_t Http1Session::idle_ms() const {
    uint32_t idle_ms = host_.options().idle_ms;
    return session_.crowded ? idle_ms / 4 : idle_ms;
}

void Http1Session::end_with(StreamStatus status) {
    session_.end = stream_end(status);
}

Http1Session::Next Http1Session::out_of_memory() {
    session_.end = StreamEnd::no_memory;
    host_.burst().clear();
    return Next::end;
}

Http1Session::Next Http1Session::refuse(int status) {
    if (!flush()) return Next::end;
    HttpResponse response(host_.buffers());
    response.refuse(status, refusal_line(status));
    if (session_.end == StreamEnd::server) session_.end = StreamEnd::protocol;
    return write(response, false, false) ? Next::end : out_of_memory();
}

Http1Session::Next Http1Session::take_head() {
    if (stream_.input().empty()) return Next::head;
    switch (parser_.parse(stream_.input())) {
        case Http1Parser::Progress::more:
            return Next::head;
        case Http1Parser::Progress::failed:
            return refuse(parser_.status());
        case Http1Parser::Progress::done:
            return take_request();
    }
    return Next::end;
}

Http1Session::Next Http1Session::take_request() {
    // The responses that wait are in the form of the request before.
    bool form_changes = parser_.is_http10() != http10_;
    if ((burst_is_full() || form_changes) && !flush()) return Next::end;
    http10_ = parser_.is_http10();
    std::array<HttpField, kHttpHeaderFieldsMax> fields;
    HttpRequest request;
    parser_.fill(stream_.input(), fields, request);
    request.client = &session_.client;
    request.early_data = stream_.tls() != nullptr && stream_.tls()->in_early_data();
    bool last = ++requests_ >= host_.options().requests_max || session_.draining;
    keep_alive_ = parser_.keep_alive() && !last;

    query_ = {};
    HttpResponse response(host_.buffers());
    Verdict verdict = host_.judge(request, response, query_);
    body_ = Http1Body(parser_.body(), parser_.content_length());
    bool continues = parser_.expects_continue() && !body_.is_done();
    // RFC 9110 §10.1.1: who was told no without having been told to go on may send the body or not.
    if (continues && verdict != Verdict::read_query) keep_alive_ = false;
    if (verdict == Verdict::answer) {
        host_.burst().add(query_, session_.client, nullptr, keep_alive_);
    } else if (verdict == Verdict::respond) {
        if (!flush()) return Next::end;
        if (!write(response, keep_alive_, request.method == HttpMethod::head))
            return out_of_memory();
    }
    size_t length = parser_.length();
    bool body_follows = stream_.input().size() > length;
    stream_.consume(length);
    parser_.reset();
    wants_body_ = verdict == Verdict::read_query;
    if (wants_body_ && continues && !body_follows) {
        constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        if (!flush()) return Next::end;
        Bytes octets(reinterpret_cast<const uint8_t*>(kContinue.data()), kContinue.size());
        if (!stream_.append(octets)) return out_of_memory();
    }
    if (body_.is_done()) return finish_body();
    // A body that nobody reads, before a connection's end, is left to whoever closes it.
    return wants_body_ || keep_alive_ ? Next::body : Next::end;
}

Http1Session::Next Http1Session::take_body() {
    size_t used = 0;
    Bytes content;
    Http1Body::Progress progress = body_.take(stream_.input(), used, content);
    if (wants_body_ && !content.empty() && !content_.append(host_.buffers(), content))
        return out_of_memory();
    if (progress == Http1Body::Progress::failed) {
        // Where the response has gone out already, there is no second one.
        if (wants_body_) return refuse(body_.status());
        session_.end = StreamEnd::protocol;
        return Next::end;
    }
    stream_.consume(used);
    return progress == Http1Body::Progress::done ? finish_body() : Next::body;
}

Http1Session::Next Http1Session::finish_body() {
    begun_ = false;
    if (!wants_body_) return keep_alive_ ? Next::head : Next::end;
    if (burst_is_full() && !flush()) return Next::end;
    HttpResponse response(host_.buffers());
    bool fine = host_.take_body(content_.content(), query_, response);
    content_.clear();
    wants_body_ = false;
    if (fine) {
        host_.burst().add(query_, session_.client, nullptr, keep_alive_);
    } else {
        if (!flush()) return Next::end;
        if (!write(response, keep_alive_, false)) return out_of_memory();
    }
    return keep_alive_ ? Next::head : Next::end;
}

bool Http1Session::burst_is_full() {
    return host_.burst().entries().size() >= kHttp1BurstMax;
}

// Answers the queries that wait, in the order of their requests.
bool Http1Session::flush() {
    DohBurst& burst = host_.burst();
    if (burst.is_empty()) return true;
    host_.answer_burst();
    for (const DohBurst::Entry& entry : burst.entries()) {
        HttpResponse response(host_.buffers());
        host_.finish(entry, response);
        if (!write(response, entry.keep_alive, entry.query.head_only)) {
            out_of_memory();
            return false;
        }
    }
    burst.clear();
    return true;
}

bool Http1Session::write(HttpResponse& response, bool keep_alive, bool head_only) {
    constexpr size_t kStatusLineMax = 64;
    constexpr std::string_view kClose = "connection: close\r\n";
    constexpr std::string_view kKeep = "connection: keep-alive\r\n";
    ResponseFields fields(response, host_.date());
    size_t size = kStatusLineMax + kKeep.size() + 2;
    for (const ResponseField& field : fields) size += field.name.size() + field.value.size() + 4;
    size_t body = head_only ? 0 : response.length();
    // A short body lies behind the head in one piece.
    bool together = !response.body.empty() && size + body <= BufferPool::largest();
    uint8_t* room = stream_.reserve(size + (together ? body : 0));
    if (room == nullptr) return false;

    char* begin = reinterpret_cast<char*>(room);
    char* at = put(begin, "HTTP/1.1 ");
    for (int digit : {100, 10, 1}) *at++ = static_cast<char>('0' + response.status / digit % 10);
    *at++ = ' ';
    at = put(put(at, reason_phrase(response.status)), "\r\n");
    for (const ResponseField& field : fields)
        at = put(put(put(put(at, field.name), ": "), field.value), "\r\n");
    // RFC 9112 §9.3: a client of HTTP/1.0 that asked for it is told that the connection stays.
    at = put(at, keep_alive ? kKeep.substr(0, http10_ ? kKeep.size() : 0) : kClose);
    at = put(at, "\r\n");
    if (together && body != 0)
        at = put(at, {reinterpret_cast<const char*>(response.body.data()), body});
    stream_.append_reserved(static_cast<size_t>(at - begin));
    host_.count(HttpVersion::http1, response.status);
    if (together || body == 0) return true;
    if (!response.body.empty()) return stream_.append(response.body);
    while (!response.text.empty()) {
        Bytes piece = response.text.front();
        if (!stream_.append(piece)) return false;
        response.text.consume(piece.size());
    }
    return true;
}

}  // namespace gatepost::dataplane
