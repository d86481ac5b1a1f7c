#include "dataplane/http/http1_parser.h"

#include <algorithm>
#include <charconv>

#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

constexpr size_t kMethodMax = 32;  // octets; the longest registered one has 17
constexpr uint16_t kBlankLinesMax = 2;

// RFC 9110 §5.5: visible characters, blanks and octets beyond ASCII; no control characters.
bool is_field_value(std::string_view value) {
    return std::ranges::all_of(value, [](char c) {
        auto octet = static_cast<uint8_t>(c);
        return (octet >= 0x20 && octet != 0x7f) || octet == '\t';
    });
}

// RFC 3986 knows fewer, but browsers send some of the others as they are. A fragment is never sent.
bool is_target(std::string_view target) {
    return std::ranges::all_of(target, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

}  // namespace

Http1Parser::Progress Http1Parser::fail(int status) {
    status_ = static_cast<uint16_t>(status);
    return Progress::failed;
}

Http1Parser::Progress Http1Parser::parse(Bytes input) {
    static_assert(kHttpHeadMax <= UINT16_MAX);
    GATEPOST_CHECK(status_ == 0 && !complete_);
    base_ = reinterpret_cast<const char*>(input.data());
    std::string_view text(base_, std::min(input.size(), kHttpHeadMax));
    while (true) {
        size_t end = text.find('\n', scanned_);
        if (end == std::string_view::npos) {
            scanned_ = static_cast<uint16_t>(text.size());
            return too_long(input.size());
        }
        std::string_view begun = text.substr(line_begin_, end - line_begin_);
        if (int status = judge_begun(begun); status != 0) return fail(status);
        // RFC 9112 §2.2 lets a line end with a bare LF, which others take for a part of the line.
        if (end == line_begin_ || text[end - 1] != '\r') return fail(400);
        std::string_view line = text.substr(line_begin_, end - 1 - line_begin_);
        line_begin_ = scanned_ = static_cast<uint16_t>(end + 1);
        if (int status = take_line(line); status != 0) return fail(status);
        if (complete_) return Progress::done;
    }
}

// A request line, whether its end has come or not: the answer is the same in whatever pieces it
// comes.
int Http1Parser::judge_begun(std::string_view line) const {
    if (have_request_line_) return 0;
    if (std::min(line.find(' '), line.size()) > kMethodMax) return 501;
    return line.size() > kHttpTargetMax + kMethodMax ? 414 : 0;
}

// What is to be said where the rest has not come yet and may never be taken.
Http1Parser::Progress Http1Parser::too_long(size_t waiting) {
    std::string_view begun(base_ + line_begin_, size_t{scanned_} - line_begin_);
    if (int status = judge_begun(begun); status != 0) return fail(status);
    return waiting >= kHttpHeadMax ? fail(have_request_line_ ? 431 : 414) : Progress::more;
}

Http1Parser::Span Http1Parser::span_of(std::string_view part) const {
    return {static_cast<uint16_t>(part.data() - base_), static_cast<uint16_t>(part.size())};
}

int Http1Parser::take_line(std::string_view line) {
    // RFC 9112 §2.2: a bare CR is never a part of an element.
    if (line.find('\r') != std::string_view::npos) return 400;
    if (have_request_line_) return line.empty() ? finish() : take_header(line);
    if (!line.empty()) return take_request_line(line);
    // The same: an empty line before the request line is to be ignored.
    return ++blank_lines_ > kBlankLinesMax ? 400 : 0;
}

int Http1Parser::take_request_line(std::string_view line) {
    have_request_line_ = true;
    size_t first = line.find(' ');
    size_t last = line.rfind(' ');
    std::string_view method = line.substr(0, first);
    if (first == std::string_view::npos || first == last) return 400;
    std::string_view target = line.substr(first + 1, last - first - 1);
    std::string_view version = line.substr(last + 1);
    if (!is_token(method)) return 400;
    method_ = method_from_text(method);

    // RFC 9112 §2.3.
    bool well_formed = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' &&
                       version[5] >= '0' && version[5] <= '9' && version[7] >= '0' &&
                       version[7] <= '9';
    if (!well_formed) return 400;
    if (version[5] != '1') return 505;
    http10_ = version[7] == '0';
    keep_alive_ = !http10_;

    if (method_ == HttpMethod::unknown) return 501;
    if (target.size() > kHttpTargetMax) return 414;
    return take_target(target);
}

int Http1Parser::take_target(std::string_view target) {
    if (!is_target(target)) return 400;
    if (target.starts_with('/')) {
        target_ = span_of(target);
        return 0;
    }
    if (target == "*") {  // RFC 9112 §3.2.4: of the server as a whole
        asterisk_ = true;
        target_ = span_of(target);
        return method_ == HttpMethod::other ? 0 : 400;
    }
    // RFC 9112 §3.2.2: a server has to take the form that is meant for proxies.
    size_t mark = target.find("://");
    if (mark == std::string_view::npos) return 400;
    std::string_view scheme = target.substr(0, mark);
    if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) return 400;
    std::string_view rest = target.substr(mark + 3);
    size_t path = std::min(rest.find_first_of("/?"), rest.size());
    if (!host_of_authority(rest.substr(0, path))) return 400;
    absolute_ = true;
    authority_ = span_of(rest.substr(0, path));
    target_ = span_of(rest.substr(path));
    return 0;
}

int Http1Parser::take_header(std::string_view line) {
    if (++lines_ > kHttpHeaderLinesMax) return 431;
    // RFC 9112 §5.1: no blank between name and colon. §5.2: no folded lines; they begin with a
    // blank, which is not part of any name.
    size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return 400;
    std::string_view value = trim_blanks(line.substr(colon + 1));
    if (!is_field_value(value)) return 400;
    auto name = header_from_text(line.substr(0, colon));
    return name ? take_known(*name, value) : 0;
}

int Http1Parser::take_known(HeaderName name, std::string_view value) {
    if (field_count_ == fields_.size()) return 431;
    // An empty value has no place in the input.
    fields_[field_count_++] = {name, value.empty() ? Span() : span_of(value)};
    switch (name) {
        case HeaderName::host:
            // RFC 9112 §3.2: one, and a valid one. Where the target has none, it may be empty.
            if (std::exchange(host_seen_, true)) return 400;
            if (!value.empty() && !host_of_authority(value)) return 400;
            if (!absolute_ && !value.empty()) authority_ = span_of(value);
            return 0;
        case HeaderName::content_length:
            return take_content_length(value);
        case HeaderName::transfer_encoding:
            // RFC 9112 §6.1, §7: chunked once and nothing else is what everybody can read.
            if (http10_ || body_ == Body::chunked) return 400;
            if (!equals_ignoring_case(value, "chunked")) return 501;
            body_ = Body::chunked;
            return 0;
        case HeaderName::connection:
            return take_connection(value);
        case HeaderName::expect:
            // RFC 9110 §10.1.1: clients of HTTP/1.0 do not know it.
            if (!equals_ignoring_case(value, "100-continue")) return 417;
            expects_continue_ = !http10_;
            return 0;
        default:
            return 0;
    }
}

// RFC 9110 §8.6, RFC 9112 §6.3: digits and nothing else. That the same length twice may be taken
// for one is of no use to anybody but attackers.
int Http1Parser::take_content_length(std::string_view value) {
    if (std::exchange(length_seen_, true) || value.empty()) return 400;
    if (!std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) return 400;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), content_length_);
    return error != std::errc() || content_length_ > kHttpBodyMax ? 413 : 0;
}

// RFC 9112 §9.3.
int Http1Parser::take_connection(std::string_view value) {
    while (!value.empty()) {
        std::string_view option = next_element(value);
        if (equals_ignoring_case(option, "close")) keep_alive_ = false;
        if (equals_ignoring_case(option, "keep-alive") && http10_) keep_alive_ = true;
    }
    return 0;
}

int Http1Parser::finish() {
    // RFC 9112 §3.2: without Host, 400.
    if (!host_seen_ && !http10_) return 400;
    // RFC 9112 §6.3: a request with both is an attack on one of those who read it.
    if (length_seen_ && body_ == Body::chunked) return 400;
    if (length_seen_ && content_length_ > 0) body_ = Body::length;
    complete_ = true;
    return 0;
}

void Http1Parser::fill(Bytes input, std::array<HttpField, kHttpHeaderFieldsMax>& fields,
                       HttpRequest& request) const {
    GATEPOST_CHECK(complete_ && input.size() >= length());
    const auto* base = reinterpret_cast<const char*>(input.data());
    auto text = [&](Span span) { return std::string_view(base + span.begin, span.length); };
    for (size_t i = 0; i < field_count_; ++i) fields[i] = {fields_[i].name, text(fields_[i].value)};
    request.version = HttpVersion::http1;
    request.method = method_;
    request.authority = text(authority_);
    std::string_view target = text(target_);
    set_target(request, target);
    if (request.path.empty()) request.path = "/";  // of "http://host" (RFC 9112 §3.2.1)
    request.headers = std::span(fields.data(), field_count_);
}

}  // namespace gatepost::dataplane
