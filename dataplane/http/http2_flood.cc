#include "dataplane/http/http2_flood.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace gatepost::dataplane {

void Http2Flood::set_time(uint64_t now_ms) {
    if (now_ms - begun_ms_ < kHttp2IntervalMs) return;
    begun_ms_ = now_ms;
    requests_ = frames_ = 0;
    resets_ = 0;
}

void Http2Flood::look_at(Bytes input) {
    while (!input.empty()) {
        if (skip_ != 0) {
            size_t count = std::min<size_t>(skip_, input.size());
            skip_ -= static_cast<uint32_t>(count);
            input = input.subspan(count);
            continue;
        }
        header_[header_length_++] = input.front();
        input = input.subspan(1);
        if (header_length_ == kFrameHeaderSize) count_frame();
    }
}

void Http2Flood::count_frame() {
    header_length_ = 0;
    skip_ = uint32_t{header_[0]} << 16 | load_be16(header_ + 1);
    switch (header_[3]) {
        case NGHTTP2_HEADERS:
        case NGHTTP2_CONTINUATION:  // nghttp2 bounds their number
            return;
        case NGHTTP2_DATA:
            if (skip_ == 0 && (header_[4] & NGHTTP2_FLAG_END_STREAM) == 0) ++frames_;
            return;
        case NGHTTP2_RST_STREAM:
            ++resets_;
            return;
        default:
            ++frames_;
            return;
    }
}

}  // namespace gatepost::dataplane
