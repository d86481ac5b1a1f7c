// A message as an answer of several lines (RFC 1939 §3): every line ends with CR LF, and a dot at
// the beginning of one is doubled.
//
// A bare LF becomes CR LF: many clients take one for a line's end, and would take LF . LF in a
// message for the end of the answer, and what follows for the next answer.
#pragma once

#include <cstdint>
#include <string>

#include "storage/base/bytes.h"

namespace gatepost::dataplane {

class Pop3Text {
  public:
    static constexpr uint64_t kAllLines = UINT64_MAX;

    // TOP: the header, the line that ends it, and so many lines of the body.
    explicit Pop3Text(uint64_t body_lines = kAllLines) : lines_left_(body_lines) {}

    // Takes the message's next octets, and adds to `out` what becomes of them: at most twice as
    // many. False: no more is wanted.
    bool add(Bytes octets, std::string& out);
    // The end of the answer.
    void finish(std::string& out) const;

  private:
    // A line has ended. False: it was the last one.
    bool end_line(bool empty);

    uint64_t lines_left_;       // of the body
    uint64_t line_octets_ = 0;  // of the line under way, with a CR at its end
    bool in_header_ = true;
    bool after_cr_ = false;
    bool done_ = false;
};

}  // namespace gatepost::dataplane
