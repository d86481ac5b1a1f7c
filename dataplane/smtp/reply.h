// What the server says to a command (RFC 5321 §4.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::dataplane {

struct SmtpReply {
    uint16_t code = 250;
    std::string enhanced;  // RFC 3463, "2.1.0"; "": none, as RFC 2034 §4 has it of 3yz and EHLO
    std::string text;      // one sentence for people

    bool is_positive() const { return code < 400; }
    bool is_transient() const { return code >= 400 && code < 500; }
};

// Appends one line with its CR LF. Whatever is in the text (an address that a client gave): what is
// no printable ASCII becomes '?', since replies are ASCII (RFC 6531 §3.7.4.2) and one line, and
// what is too long for a line is cut off (RFC 5321 §4.5.3.1.5). `last`: no further line of the same
// reply follows.
void append_reply_line(std::string& out, uint16_t code, std::string_view enhanced,
                       std::string_view text, bool last = true);

}  // namespace gatepost::dataplane
