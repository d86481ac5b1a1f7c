// The head of an HTTP/2 request while its header block comes. A connection reads one at a time, so
// there is one of these per connection, without memory of its own in between.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/http/body_buffer.h"
#include "dataplane/http/http_limits.h"
#include "dataplane/http/request.h"

namespace gatepost::dataplane {

class Http2Head {
  public:
    void reset();
    // A field in the form of HPACK, the pseudo ones with ':'. nghttp2 has checked names, values and
    // the order.
    void add(BufferPool& pool, std::string_view name, std::string_view value);

    // 0, or the status to be answered with once the block is complete: 400, 414, 431, 503.
    int status() const { return status_; }
    // As RFC 9113 §6.5.2 counts: with 32 octets for each field.
    size_t octets() const { return octets_; }
    void fill(std::array<HttpField, kHttpHeaderFieldsMax>& fields, HttpRequest& request) const;

  private:
    struct Span {
        uint16_t begin = 0;
        uint16_t length = 0;
    };
    struct Field {
        HeaderName name;
        Span value;
    };

    void add_known(BufferPool& pool, HeaderName name, std::string_view value);
    Span keep(BufferPool& pool, std::string_view value);
    std::string_view text(Span span) const;

    BodyBuffer values_;
    size_t octets_ = 0;
    uint16_t status_ = 0;
    uint16_t lines_ = 0;
    HttpMethod method_ = HttpMethod::unknown;
    bool has_authority_ = false;
    Span authority_;
    Span target_;
    uint8_t field_count_ = 0;
    std::array<Field, kHttpHeaderFieldsMax> fields_{};
};

}  // namespace gatepost::dataplane
