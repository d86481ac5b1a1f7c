#include "dataplane/stream/line_reader.h"

#include <algorithm>
#include <cstring>

namespace gatepost::dataplane {

namespace {

const uint8_t* find(Bytes octets, uint8_t wanted) {
    return static_cast<const uint8_t*>(std::memchr(octets.data(), wanted, octets.size()));
}

// Looks for the end of a line from `from` on. True: found, and `line` is filled in.
bool find_end(Bytes input, size_t from, LineEnding ending, Line& line) {
    while (from < input.size()) {
        const uint8_t* lf = find(input.subspan(from), '\n');
        if (lf == nullptr) return false;
        auto at = static_cast<size_t>(lf - input.data());
        bool crlf = at > 0 && input[at - 1] == '\r';
        if (crlf || ending == LineEnding::lf_too) {
            line.text = input.first(crlf ? at - 1 : at);
            line.length = at + 1;
            line.bare = find(line.text, '\r') != nullptr || find(line.text, '\n') != nullptr;
            return true;
        }
        from = at + 1;
    }
    return false;
}

}  // namespace

Task<Line> read_line(Stream& stream, size_t octets_max, LineEnding ending) {
    Line line;
    size_t seen = 0;
    for (;;) {
        Bytes input = stream.input();
        if (!input.empty() && find_end(input, seen, ending, line)) {
            if (line.text.size() > octets_max) line.status = StreamStatus::too_long;
            co_return line;
        }
        // Without its ending a line is as long as what is there, but for a CR that may belong to
        // it.
        if (input.size() > octets_max + 1) {
            line.status = StreamStatus::too_long;
            co_return line;
        }
        seen = input.size();
        StreamStatus status = co_await stream.fill();
        if (status == StreamStatus::ok) continue;
        line.status = status;
        co_return line;
    }
}

Task<StreamStatus> read_literal(Stream& stream, uint64_t octets, LiteralSink& sink) {
    bool wanted = true;
    while (octets != 0) {
        if (stream.input().empty()) {
            StreamStatus status = co_await stream.fill();
            if (status == StreamStatus::woken) continue;
            if (status != StreamStatus::ok) co_return status;
        }
        size_t count = static_cast<size_t>(std::min<uint64_t>(octets, stream.input().size()));
        if (wanted) wanted = sink.take(stream.input().first(count));
        stream.consume(count);
        octets -= count;
    }
    co_return StreamStatus::ok;
}

}  // namespace gatepost::dataplane
