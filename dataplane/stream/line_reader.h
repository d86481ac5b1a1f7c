// Lines and literals, bounded: what SMTP, IMAP and their like are made of.
#pragma once

#include <cstdint>

#include "dataplane/reactor/task.h"
#include "dataplane/stream/stream.h"

namespace gatepost::dataplane {

// What ends a line.
enum class LineEnding : uint8_t {
    // CR LF and nothing else: a bare CR or LF is part of the line, so that nobody can smuggle a
    // second command or message in (RFC 5321 §2.3.8).
    crlf,
    // LF as well, as older clients of interactive protocols send it.
    lf_too,
};

struct Line {
    StreamStatus status = StreamStatus::ok;  // too_long: no line of at most `octets_max` came
    Bytes text;                              // without its ending; valid until the next co_await
    size_t length = 0;                       // with it: what is to be consumed
    bool bare = false;                       // a CR or LF that ends nothing is in it
};

// The next line, which stays in stream.input() until it is consumed. `octets_max` is without the
// ending, and less than the stream's input_max. Without one, the deadline is the caller's: set once
// for the whole line, it bounds a client that sends an octet a minute.
Task<Line> read_line(Stream& stream, size_t octets_max, LineEnding ending = LineEnding::crlf);

// Takes a literal's octets as they come.
class LiteralSink {
  public:
    // False: no more is wanted; the rest is read over.
    virtual bool take(Bytes octets) = 0;

  protected:
    ~LiteralSink() = default;
};

// Exactly `octets` octets, handed to `sink` in pieces and consumed: memory does not grow with the
// literal (RFC 9051 §4.3, RFC 3030). Anything but `ok`: they did not all come.
Task<StreamStatus> read_literal(Stream& stream, uint64_t octets, LiteralSink& sink);

}  // namespace gatepost::dataplane
