// What DATA sends, as the message that it is (RFC 5321 §4.5.2): without the dots that were put in
// front of lines, up to the line that is a dot.
//
// The end is CR LF . CR LF, and nothing that only looks like it: a LF without its CR begins no
// line, so that nobody can end a message here that goes on for the server in front of us (SMTP
// smuggling), and what has such line ends is refused as a whole by whoever sees found_bare().
#pragma once

#include "storage/base/bytes.h"

namespace gatepost::dataplane {

class DotDecoder {
  public:
    struct Piece {
        Bytes content;     // of the message; a view into the input
        size_t used = 0;   // octets of the input that are done with
        bool end = false;  // the message ends behind the content
    };

    // The longest piece that `input` begins with. `used` 0: with this alone nothing can be said;
    // the input is to be given again with more behind it. At most 3 octets are left like this.
    Piece next(Bytes input);
    bool found_bare() const { return bare_; }

  private:
    bool at_line_start_ = true;  // RFC 5321 §4.1.1.4: an empty message is a dot alone
    bool bare_ = false;
};

}  // namespace gatepost::dataplane
