// Reads the head of HTTP/1.1 requests (RFC 9112), as it arrives and in one pass. Strict: what two
// parsers could read in two ways is refused (request smuggling), and the connection ends with it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/http/http_limits.h"
#include "dataplane/http/request.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

class Http1Parser {
  public:
    enum class Progress : uint8_t {
        more,    // it goes on
        done,    // the head is complete
        failed,  // status() says with what it is to be answered
    };
    enum class Body : uint8_t { none, length, chunked };

    // Before each request.
    void reset() { *this = Http1Parser(); }
    // `input`: everything since the end of the request before; at each call what was there at the
    // one before, and more.
    Progress parse(Bytes input);

    int status() const { return status_; }  // 400, 413, 414, 417, 431, 501, 505
    bool has_begun() const { return line_begin_ != 0 || scanned_ != 0; }

    // ---- once it is done
    size_t length() const { return line_begin_; }  // octets of the head; the body follows
    Body body() const { return body_; }
    size_t content_length() const { return content_length_; }
    bool keep_alive() const { return keep_alive_; }
    bool is_http10() const { return http10_; }
    bool expects_continue() const { return expects_continue_; }
    HttpMethod method() const { return method_; }
    // Sets what the head says; `input` as in parse(), `fields` is where the headers go.
    void fill(Bytes input, std::array<HttpField, kHttpHeaderFieldsMax>& fields,
              HttpRequest& request) const;

  private:
    struct Span {
        uint16_t begin = 0;
        uint16_t length = 0;
    };
    struct Field {
        HeaderName name;
        Span value;
    };

    Progress fail(int status);
    Progress too_long(size_t waiting);
    // Each gives 0, or the status to be answered with.
    int judge_begun(std::string_view line) const;
    int take_line(std::string_view line);
    int take_request_line(std::string_view line);
    int take_target(std::string_view target);
    int take_header(std::string_view line);
    int take_known(HeaderName name, std::string_view value);
    int take_content_length(std::string_view value);
    int take_connection(std::string_view value);
    int finish();
    Span span_of(std::string_view part) const;

    const char* base_ = nullptr;  // of the input of the call under way
    uint16_t status_ = 0;
    uint16_t scanned_ = 0;     // no line ends before
    uint16_t line_begin_ = 0;  // of the line that is being read
    uint16_t lines_ = 0;       // headers so far
    uint16_t blank_lines_ = 0;
    bool have_request_line_ = false;
    bool complete_ = false;
    bool http10_ = false;
    bool keep_alive_ = true;
    bool expects_continue_ = false;
    bool host_seen_ = false;
    bool length_seen_ = false;
    bool absolute_ = false;  // the target named scheme and authority
    bool asterisk_ = false;
    Body body_ = Body::none;
    HttpMethod method_ = HttpMethod::unknown;
    uint32_t content_length_ = 0;
    Span authority_;
    Span target_;
    uint8_t field_count_ = 0;
    std::array<Field, kHttpHeaderFieldsMax> fields_{};
};

}  // namespace gatepost::dataplane
