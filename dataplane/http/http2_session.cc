#include "dataplane/http/http2_session.h"

#include <algorithm>
#include <cstring>

#include "storage/base/check.h"

namespace gatepost::dataplane {

using storage::StreamEnd;

namespace {

constexpr size_t kFrameHeader = 9;  // octets (RFC 9113 §4.1)

// DATA or HEADERS with END_STREAM.
bool ends_response(Bytes frame) {
    return frame.size() >= kFrameHeader && frame[3] <= NGHTTP2_HEADERS &&
           (frame[4] & NGHTTP2_FLAG_END_STREAM) != 0;
}

}  // namespace

Http2Session::Http2Session(HttpHost& host, Session& session)
    : host_(host), session_(session), stream_(session.stream) {
    active_ms_ = stream_.now_ms();
}

Http2Session::~Http2Session() {
    ::nghttp2_session_del(nghttp2_);
    while (oldest_ != nullptr) on_close(*oldest_);
}

Task<> Http2Session::run() {
    if (!start()) {
        session_.end = StreamEnd::no_memory;
        co_return;
    }
    while (work()) {
        if (stream_.unsent() != 0) {
            stream_.expect_within(host_.options().write_ms);
            StreamStatus status = co_await stream_.push(kHttpUnsentMax / 2);
            if (status != StreamStatus::ok) {
                session_.end = stream_end(status);
                if (status == StreamStatus::timeout) session_.end = StreamEnd::not_read;
                co_return;
            }
        }
        if (!dry_) continue;  // there is more to be sent before anything is read
        Deadline until = deadline();
        uint64_t now_ms = stream_.now_ms();
        stream_.expect_within(until.at_ms > now_ms ? until.at_ms - now_ms : 1);
        StreamStatus status = co_await stream_.fill();
        if (status == StreamStatus::ok || status == StreamStatus::woken) continue;
        if (status == StreamStatus::timeout) {
            leave(NGHTTP2_NO_ERROR, until.end);
            pump();
        } else {
            session_.end = stream_end(status);
        }
        co_return;
    }
}

// What there is to do between two waits. False: that was it; what is left to be sent is written.
bool Http2Session::work() {
    GATEPOST_CHECK(host_.burst().is_empty());
    host_.set_time();
    flood_.set_time(stream_.now_ms());
    bool fed = feed();
    answer();
    if (session_.draining) say_goodbye();
    bool fine = pump() && spill();
    host_.burst().clear();
    if (!fine) {
        session_.end = StreamEnd::no_memory;
        return false;
    }
    if (!fed) return false;
    if (said_goodbye_ && streams_ == 0 && dry_) {
        if (session_.draining) session_.end = StreamEnd::drained;
        return false;
    }
    bool goes_on =
        ::nghttp2_session_want_read(nghttp2_) != 0 || ::nghttp2_session_want_write(nghttp2_) != 0;
    // Either the client is done, or nghttp2 has ended it and has said in its GOAWAY why.
    if (!goes_on && session_.end == StreamEnd::server && !said_goodbye_)
        session_.end = peer_leaves_ ? StreamEnd::peer : StreamEnd::protocol;
    return goes_on;
}

// False: the connection is over.
bool Http2Session::feed() {
    Bytes input = stream_.input();
    if (input.empty() || leaving_) return true;
    flood_.look_at(input);
    ssize_t used = ::nghttp2_session_mem_recv(nghttp2_, input.data(), input.size());
    stream_.consume(input.size());
    if (used >= 0) {
        if (flood_.is_too_much()) calm_down();
        return true;
    }
    if (used == NGHTTP2_ERR_FLOODED) calm_down();
    session_.end = used == NGHTTP2_ERR_NOMEM ? StreamEnd::no_memory : StreamEnd::protocol;
    return false;
}

void Http2Session::answer() {
    DohBurst& burst = host_.burst();
    if (burst.is_empty()) return;
    host_.answer_burst();
    for (const DohBurst::Entry& entry : burst.entries()) {
        auto* stream = static_cast<Http2Stream*>(entry.owner);
        if (stream == nullptr) continue;  // reset meanwhile
        stream->place = -1;
        HttpResponse response(host_.buffers());
        host_.finish(entry, response);
        if (waiting_ != 0 && waiting_ + response.length() > kHttp2WaitingMax)
            reset(stream->id, NGHTTP2_REFUSED_STREAM);
        else
            submit(*stream, response, entry.query.head_only);
    }
}

// Takes what nghttp2 has to send, up to what may wait for the client.
bool Http2Session::pump() {
    dry_ = false;
    while (stream_.unsent() < kHttpUnsentMax) {
        const uint8_t* octets = nullptr;
        ssize_t length = ::nghttp2_session_mem_send(nghttp2_, &octets);
        if (length < 0) return false;
        if (length == 0) {
            dry_ = true;
            break;
        }
        Bytes frame(octets, static_cast<size_t>(length));
        if (!stream_.append(frame)) return false;
        // Each response in records of its own: dnsperf takes one from each, and waits.
        if (ends_response(frame) && !stream_.end_record()) return false;
    }
    return true;
}

// Copies what clients did not let us send out of memory that is not ours.
bool Http2Session::spill() {
    for (Http2Stream* each = oldest_; each != nullptr; each = each->next) {
        if (each->immediate.empty()) continue;
        if (!each->rest.append(each->immediate)) return false;
        each->immediate = {};
    }
    return true;
}

Http2Session::Deadline Http2Session::deadline() const {
    const HttpOptions& options = host_.options();
    // Streams are in the order in which they were opened.
    for (const Http2Stream* each = oldest_; each != nullptr; each = each->next)
        if (!each->complete) return {each->begun_ms + options.request_ms, StreamEnd::deadline};
    if (streams_ != 0) return {active_ms_ + options.write_ms, StreamEnd::not_read};
    if (!spoken_) return {active_ms_ + options.request_ms, StreamEnd::deadline};
    // Requests keep a connection, PING does not.
    uint64_t idle_ms = options.idle_http2_ms;
    return {active_ms_ + (session_.crowded ? idle_ms / 4 : idle_ms), StreamEnd::idle};
}

void Http2Session::leave(uint32_t error_code, StreamEnd end) {
    session_.end = end;
    leaving_ = true;
    ::nghttp2_session_terminate_session(nghttp2_, error_code);
}

void Http2Session::calm_down() {
    if (!leaving_) leave(NGHTTP2_ENHANCE_YOUR_CALM, StreamEnd::protocol);
}

// RFC 9113 §6.8: what has been taken is answered; the client does the rest elsewhere.
void Http2Session::say_goodbye() {
    if (said_goodbye_ || leaving_) return;
    said_goodbye_ = true;
    int32_t last = ::nghttp2_session_get_last_proc_stream_id(nghttp2_);
    ::nghttp2_submit_goaway(nghttp2_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
}

// ---- streams

Http2Stream* Http2Session::find(int32_t id) const {
    return static_cast<Http2Stream*>(::nghttp2_session_get_stream_user_data(nghttp2_, id));
}

void Http2Session::reset(int32_t id, uint32_t error_code) {
    ::nghttp2_submit_rst_stream(nghttp2_, NGHTTP2_FLAG_NONE, id, error_code);
}

int Http2Session::on_begin_headers(int32_t id) {
    auto* stream = new Http2Stream(host_.buffers(), id, stream_.now_ms());
    ::nghttp2_session_set_stream_user_data(nghttp2_, id, stream);
    stream->previous = newest_;
    (newest_ == nullptr ? oldest_ : newest_->next) = stream;
    newest_ = stream;
    ++streams_;
    head_.reset();
    head_stream_ = id;
    flood_.count_request();
    return 0;
}

int Http2Session::on_header(std::string_view name, std::string_view value) {
    head_.add(host_.buffers(), name, value);
    // A few octets of HPACK can stand for many: whoever does that is after our time.
    if (head_.octets() > 4 * kHttpHeadMax) calm_down();
    return leaving_ ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE : 0;
}

int Http2Session::on_head(Http2Stream& stream) {
    if (leaving_) return 0;
    bool crowded = bodies_ > kHttp2BodiesMax || waiting_ > kHttp2WaitingMax;
    if (crowded || host_.burst().is_full()) {
        reset(stream.id, NGHTTP2_REFUSED_STREAM);
        return 0;
    }
    judge(stream);
    head_.reset();
    head_stream_ = 0;
    if (++requests_ >= host_.options().requests_max) say_goodbye();
    return 0;
}

void Http2Session::judge(Http2Stream& stream) {
    std::array<HttpField, kHttpHeaderFieldsMax> fields;
    HttpRequest request;
    head_.fill(fields, request);
    request.client = &session_.client;
    request.early_data = stream_.tls() != nullptr && stream_.tls()->in_early_data();
    HttpResponse response(host_.buffers());
    int status = head_.status();
    if (status == 0 && request.method == HttpMethod::unknown) status = 501;
    Verdict verdict = Verdict::respond;
    if (status != 0)
        response.refuse(status, "The request is malformed, or too long.\n");
    else
        verdict = host_.judge(request, response, stream.query);
    if (verdict == Verdict::answer) {
        size_t place = host_.burst().add(stream.query, session_.client, &stream, true);
        stream.place = static_cast<int16_t>(place);
        stream.answered = true;
    } else if (verdict == Verdict::respond) {
        submit(stream, response, request.method == HttpMethod::head);
    }
    stream.wants_body = verdict == Verdict::read_query;
}

int Http2Session::on_data(Http2Stream& stream, Bytes octets) {
    if (!stream.wants_body || stream.answered) return 0;
    if (octets.size() > kHttpBodyMax - stream.body.size()) {
        HttpResponse response(host_.buffers());
        response.refuse(413, "The body is longer than a DNS message can be.\n");
        submit(stream, response, false);
        return 0;
    }
    bodies_ += octets.size();
    if (bodies_ > kHttp2BodiesMax || !stream.body.append(host_.buffers(), octets)) {
        bodies_ -= octets.size();
        reset(stream.id, NGHTTP2_REFUSED_STREAM);  // RFC 9113 §8.7: nothing has been done for it
        stream.wants_body = false;
    }
    return 0;
}

int Http2Session::on_complete(Http2Stream& stream) {
    stream.complete = true;
    active_ms_ = stream_.now_ms();
    if (!stream.wants_body || stream.answered) return 0;
    if (host_.burst().is_full()) {
        reset(stream.id, NGHTTP2_REFUSED_STREAM);
        return 0;
    }
    HttpResponse response(host_.buffers());
    bool fine = host_.take_body(stream.body.content(), stream.query, response);
    bodies_ -= stream.body.size();
    stream.body.clear();
    if (!fine) {
        submit(stream, response, false);
        return 0;
    }
    size_t place = host_.burst().add(stream.query, session_.client, &stream, true);
    stream.place = static_cast<int16_t>(place);
    stream.answered = true;
    return 0;
}

void Http2Session::on_close(Http2Stream& stream) {
    if (stream.place >= 0)
        host_.burst().entries()[static_cast<size_t>(stream.place)].owner = nullptr;
    if (head_stream_ == stream.id) head_.reset();  // a block that was never complete
    bodies_ -= stream.body.size();
    waiting_ -= stream.unsent();
    (stream.previous == nullptr ? oldest_ : stream.previous->next) = stream.next;
    (stream.next == nullptr ? newest_ : stream.next->previous) = stream.previous;
    --streams_;
    delete &stream;
}

// ---- frames

int Http2Session::on_frame(const nghttp2_frame& frame) {
    spoken_ = true;
    Http2Stream* stream = frame.hd.stream_id == 0 ? nullptr : find(frame.hd.stream_id);
    bool ends = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame.hd.type) {
        case NGHTTP2_HEADERS:
            if (stream == nullptr) return 0;
            if (frame.headers.cat == NGHTTP2_HCAT_REQUEST) on_head(*stream);
            return ends ? on_complete(*stream) : 0;
        case NGHTTP2_DATA:
            return ends && stream != nullptr ? on_complete(*stream) : 0;
        case NGHTTP2_GOAWAY:
            peer_leaves_ = true;
            return 0;
        default:
            return 0;
    }
}

int Http2Session::on_sent(const nghttp2_frame& frame) {
    if (frame.hd.type == NGHTTP2_RST_STREAM) {
        if (frame.rst_stream.error_code != NGHTTP2_NO_ERROR) flood_.count_reset();
        if (flood_.is_too_much()) calm_down();
        return 0;
    }
    if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return 0;
    active_ms_ = stream_.now_ms();
    if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    // RFC 9113 §8.1: whoever has the whole response before the request's end need not go on.
    Http2Stream* stream = find(frame.hd.stream_id);
    if (stream != nullptr && !stream->complete) reset(stream->id, NGHTTP2_NO_ERROR);
    return 0;
}

ssize_t Http2Session::read_body(Http2Stream& stream, uint8_t* room, size_t size, uint32_t& flags) {
    size_t length = 0;
    // What has been spilled comes first; the two are never both there.
    while (length < size && stream.unsent() != 0) {
        Bytes piece = stream.rest.empty() ? stream.immediate : stream.rest.front();
        piece = piece.first(std::min(piece.size(), size - length));
        std::memcpy(room + length, piece.data(), piece.size());
        length += piece.size();
        if (stream.rest.empty())
            stream.immediate = stream.immediate.subspan(piece.size());
        else
            stream.rest.consume(piece.size());
    }
    waiting_ -= length;
    if (stream.unsent() == 0) flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(length);
}

}  // namespace gatepost::dataplane
