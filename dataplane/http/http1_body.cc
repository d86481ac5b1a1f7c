#include "dataplane/http/http1_body.h"

#include <algorithm>

#include "dataplane/http/http_limits.h"

namespace gatepost::dataplane {

namespace {

constexpr uint8_t kDigitsMax = 8;

int hex_digit(uint8_t octet) {
    if (octet >= '0' && octet <= '9') return octet - '0';
    uint8_t lower = octet | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_text(uint8_t octet) {
    return (octet >= 0x20 && octet != 0x7f) || octet == '\t';
}

}  // namespace

Http1Body::Http1Body(Http1Parser::Body kind, size_t content_length)
    : state_(State::done), chunked_(kind == Http1Parser::Body::chunked) {
    if (chunked_) state_ = State::size;
    if (kind != Http1Parser::Body::length || content_length == 0) return;
    state_ = State::data;
    left_ = static_cast<uint32_t>(content_length);
}

Http1Body::Progress Http1Body::fail(int status) {
    status_ = static_cast<uint16_t>(status);
    return Progress::failed;
}

Http1Body::Progress Http1Body::take(Bytes input, size_t& used, Bytes& content) {
    used = 0;
    content = {};
    while (used < input.size() && state_ != State::done) {
        if (state_ == State::data) {
            content = input.subspan(used, std::min<size_t>(left_, input.size() - used));
            used += content.size();
            left_ -= static_cast<uint32_t>(content.size());
            if (left_ == 0) state_ = chunked_ ? State::data_cr : State::done;
            break;
        }
        if (int status = step(input[used++]); status != 0) return fail(status);
    }
    return state_ == State::done ? Progress::done : Progress::more;
}

int Http1Body::step(uint8_t octet) {
    auto expect = [&](uint8_t wanted, State next) {
        state_ = next;
        return octet == wanted ? 0 : 400;
    };
    switch (state_) {
        case State::size:
            return step_size(octet);
        case State::extension:  // RFC 9112 §7.1.1: those that are not known are ignored
            if (octet == '\r') return expect('\r', State::size_lf);
            return ++line_ > kChunkLineMax || !is_text(octet) ? 400 : 0;
        case State::size_lf:
            return octet == '\n' ? begin_data() : 400;
        case State::data_cr:
            return expect('\r', State::data_lf);
        case State::data_lf:
            line_ = digits_ = 0;
            return expect('\n', State::size);
        case State::trailer:
            if (octet == '\r') return expect('\r', State::last_lf);
            state_ = State::trailer_line;
            [[fallthrough]];
        case State::trailer_line:  // RFC 9110 §6.5.1: may be dropped
            if (octet == '\r') return expect('\r', State::trailer_lf);
            if (!is_text(octet)) return 400;
            return ++trailers_ > kTrailersMax ? 431 : 0;
        case State::trailer_lf:
            return expect('\n', State::trailer);
        case State::last_lf:
            return expect('\n', State::done);
        case State::data:
        case State::done:
            break;
    }
    return 400;
}

// The size begins a chunk: digits are needed before anything else.
int Http1Body::step_size(uint8_t octet) {
    if (int digit = hex_digit(octet); digit >= 0) {
        if (++digits_ > kDigitsMax) return 413;
        left_ = (digits_ == 1 ? 0 : left_ << 4) | static_cast<uint32_t>(digit);
        return 0;
    }
    if (digits_ == 0) return 400;
    if (octet == '\r') {
        state_ = State::size_lf;
        return 0;
    }
    // Blanks between size and extensions were allowed once (RFC 9112 §7.1.1: BWS); none are needed.
    if (octet != ';') return 400;
    state_ = State::extension;
    return 0;
}

int Http1Body::begin_data() {
    if (left_ == 0) {
        state_ = State::trailer;
        return 0;
    }
    if (left_ > kHttpBodyMax - total_) return 413;
    total_ += left_;
    state_ = State::data;
    return 0;
}

}  // namespace gatepost::dataplane
