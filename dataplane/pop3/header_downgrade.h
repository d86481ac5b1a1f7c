// A message for a client that has not said UTF8: it takes the header for ASCII, and RFC 6856 §4 has
// the server see to it that it is. What stands in UTF-8 becomes what RFC 6857 §3 and RFC 6858 make
// of it: encoded words, parameters of RFC 2231, and groups without an address where an address
// cannot be written. The body goes out as it is, headers of parts in it included: a client that
// shows it must cope with 8 bits anyway.
#pragma once

#include <cstdint>
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
    // in here, until the next call. A field in ASCII comes out octet by octet as it is. A field of
    // more than kFieldOctetsMax keeps its length, with '?' for every octet that is not ASCII.
    Bytes take(Bytes octets);
    // What was left where the message ends within its header.
    Bytes finish();

    // The line that ends the header has been taken.
    bool header_ended() const { return in_body_; }
    // How many octets the header's fields so far have become longer; less than 0: shorter.
    int64_t grown() const { return grown_; }

  private:
    void add_to_field(std::string_view octets);
    void end_field();

    const Charsets& charsets_;
    std::string field_;  // under way; empty: it was too long, or there is none
    std::string out_;
    int64_t grown_ = 0;
    bool begins_line_ = true;
    bool too_long_ = false;  // the field under way; it goes out as it comes
    bool in_body_ = false;
};

}  // namespace gatepost::dataplane
