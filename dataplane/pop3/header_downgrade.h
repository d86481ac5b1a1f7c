// A message for a client that has not said UTF8: it takes the header for ASCII, and RFC 6856 §4 has
// the server see to it that it is. What stands in UTF-8 becomes what RFC 6857 §3 and RFC 6858 make
// of it: encoded words, parameters of RFC 2231, and groups without an address where an address
// cannot be written. The body goes out as it is, headers of parts in it included: a client that
// shows it must cope with 8 bits anyway.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/mail/charset.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

class HeaderDowngrade {
  public:
    // Outlives it.
    explicit HeaderDowngrade(const Charsets& charsets) : charsets_(charsets) {}

    // Takes the message's next octets, and gives those that may go out: they are within `octets` or
    // in here, until the next call. A field in ASCII comes out octet by octet as it is.
    Bytes take(Bytes octets);
    // What was left where the message ends within its header.
    Bytes finish();

  private:
    void end_line();
    void end_field();

    const Charsets& charsets_;
    std::string field_;  // whole lines
    std::string line_;   // under way
    std::string out_;
    bool in_body_ = false;
};

// One whole field with its line end, in ASCII alone.
std::string downgrade_field(std::string_view field, const Charsets& charsets);

}  // namespace gatepost::dataplane
