// Takes the body of an HTTP/1.1 request out of what arrives: as long as Content-Length says, or in
// chunks (RFC 9112 §6.2, §7.1).
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/http/http1_parser.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

class Http1Body {
  public:
    enum class Progress : uint8_t {
        more,    // it goes on
        done,    // that was all
        failed,  // status() says with what it is to be answered
    };

    Http1Body(Http1Parser::Body kind, size_t content_length);

    // Looks at `input` from its beginning: `used` octets can be consumed, of which `content`, where
    // it is not empty, is the next piece of the body. To be called again while `used` is not 0.
    Progress take(Bytes input, size_t& used, Bytes& content);
    int status() const { return status_; }  // 400, 413, 431
    bool is_done() const { return state_ == State::done; }

  private:
    enum class State : uint8_t {
        size,       // hexadecimal digits
        extension,  // behind them, up to CR
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer,  // at the beginning of a line
        trailer_line,
        trailer_lf,  // behind a trailer
        last_lf,     // behind the empty line
        done,
    };

    Progress fail(int status);
    // One octet of what is around the data; 0, or the status to be answered with.
    int step(uint8_t octet);
    int step_size(uint8_t octet);
    int begin_data();

    State state_;
    bool chunked_;
    uint16_t status_ = 0;
    uint32_t left_ = 0;   // of the chunk, or of the body
    uint32_t total_ = 0;  // of the body so far
    uint32_t line_ = 0;   // octets of the line of a chunk's size
    uint32_t trailers_ = 0;
    uint8_t digits_ = 0;
};

}  // namespace gatepost::dataplane
