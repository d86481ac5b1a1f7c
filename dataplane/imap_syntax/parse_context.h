// What the meaning of a command depends on besides its octets.
#pragma once

#include "dataplane/mail/charset.h"

namespace gatepost::dataplane {

struct ParseContext {
    bool logged_in = false;
    bool utf8_accepted = false;          // ENABLE UTF8=ACCEPT (RFC 6855)
    bool rev2 = false;                   // ENABLE IMAP4rev2 (RFC 9051 §6.3.1)
    const Charsets* charsets = nullptr;  // of SEARCH; nullptr: US-ASCII and UTF-8 alone

    // Mailbox names are UTF-8, else in modified UTF-7.
    bool utf8_names() const { return utf8_accepted || rev2; }
};

}  // namespace gatepost::dataplane
