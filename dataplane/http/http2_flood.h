// Counts what an HTTP/2 client makes us do without asking for anything, by intervals. It reads the
// frames' headers itself: nghttp2 says nothing about those that it ignores.
#pragma once

#include <cstdint>

#include "dataplane/http/http_limits.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

class Http2Flood {
  public:
    void set_time(uint64_t now_ms);
    // What the connection has received, piece by piece from its first octet on.
    void look_at(Bytes input);
    void count_request() { ++requests_; }
    void count_reset() { ++resets_; }  // by us, for what the client has done

    bool is_too_much() const {
        return resets_ > kHttp2ResetsMax ||
               frames_ > kHttp2ControlFramesMax + requests_ * kHttp2ControlFramesPerRequest;
    }

  private:
    static constexpr uint32_t kPrefaceSize = 24;   // octets (RFC 9113 §3.4)
    static constexpr size_t kFrameHeaderSize = 9;  // RFC 9113 §4.1

    void count_frame();

    uint64_t begun_ms_ = 0;
    uint64_t requests_ = 0;
    uint64_t frames_ = 0;
    uint32_t resets_ = 0;
    uint32_t skip_ = kPrefaceSize;  // octets up to the next frame's header
    uint8_t header_length_ = 0;     // of what has come of it
    uint8_t header_[kFrameHeaderSize] = {};
};

}  // namespace gatepost::dataplane
