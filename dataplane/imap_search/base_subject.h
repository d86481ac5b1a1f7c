// What two subjects are to have in common for their messages to be of one conversation.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/mail/charset.h"

namespace gatepost::dataplane {

struct BaseSubject {
    std::string text;  // UTF-8, in the case that it was written in
    // "Re:", "Fwd:", "(fwd)" or "[fwd: …]" was taken off it.
    bool is_reply = false;
};

// RFC 5256 §2.1. `subject`: the field's value, unfolded. Linear in its length.
BaseSubject base_subject(std::string_view subject, const Charsets& charsets);

}  // namespace gatepost::dataplane
