// Finds CRs and LFs that stand alone, which other mail servers may take for a line's end: they
// would see another message than we do (RFC 5321 §2.3.8 forbids them).
#pragma once

#include "storage/base/bytes.h"

namespace gatepost::dataplane {

class LineEndCheck {
  public:
    // The next octets of the message.
    void take(Bytes octets);
    // The message ends here: a CR at its end stands alone.
    void finish() { bare_ = bare_ || after_cr_; }
    bool found_bare() const { return bare_; }

  private:
    bool bare_ = false;
    bool after_cr_ = false;
};

}  // namespace gatepost::dataplane
