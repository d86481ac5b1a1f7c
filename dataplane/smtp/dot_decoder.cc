#include "dataplane/smtp/dot_decoder.h"

#include <cstring>

namespace gatepost::dataplane {

namespace {

const uint8_t* find(const uint8_t* from, const uint8_t* end, int octet) {
    return static_cast<const uint8_t*>(std::memchr(from, octet, static_cast<size_t>(end - from)));
}

}  // namespace

DotDecoder::Piece DotDecoder::next(Bytes input) {
    Piece piece;
    const uint8_t* const begin = input.data();
    const uint8_t* const end = begin + input.size();
    const uint8_t* content = begin;
    if (at_line_start_ && begin != end && *begin == '.') {
        // ".", ".CR": what comes next decides.
        if (input.size() == 1 || (input[1] == '\r' && input.size() == 2)) return piece;
        if (input[1] == '\r' && input[2] == '\n') {
            piece.used = 3;
            piece.end = true;
            return piece;
        }
        ++content;  // RFC 5321 §4.5.2: the dot goes
        at_line_start_ = false;
    }
    const uint8_t* at = content;
    bool line_start = at_line_start_;
    while (at < end) {
        if (line_start && *at == '.') break;
        const uint8_t* lf = find(at, end, '\n');
        const uint8_t* const line_end = lf == nullptr ? end : lf;
        const uint8_t* cr = find(at, line_end, '\r');
        if (lf == nullptr) {
            // A CR at the very end may belong to a line's end that is still to come.
            const bool waits = end[-1] == '\r';
            if (cr != nullptr && (!waits || cr + 1 != end)) bare_ = true;
            const uint8_t* const stop = waits ? end - 1 : end;
            if (stop != at) line_start = false;
            at = stop;
            break;
        }
        line_start = lf != at && lf[-1] == '\r';
        if (!line_start || cr + 1 != lf) bare_ = true;
        at = lf + 1;
    }
    at_line_start_ = line_start;
    piece.content = Bytes(content, static_cast<size_t>(at - content));
    piece.used = static_cast<size_t>(at - begin);
    return piece;
}

}  // namespace gatepost::dataplane
