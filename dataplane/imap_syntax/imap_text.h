// Writes what responses are made of (RFC 9051 §9). Each appends to `out` and allocates nothing
// else. `utf8`: the client has enabled IMAP4rev2 or UTF8=ACCEPT, so that quoted strings may be
// UTF-8; without it, octets above 127 make a literal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/mailbox_frames/uid_set.h"

namespace gatepost::dataplane {

void append_number(std::string& out, uint64_t number);

// Whether `text` can be a quoted string.
bool can_be_quoted(std::string_view text, bool utf8);
// In quotes; can_be_quoted().
void append_quoted(std::string& out, std::string_view text);
// As a literal: "{5}", CR LF, the octets. A NUL, which no literal can have, becomes "?".
void append_literal(std::string& out, std::string_view text);
// Quoted, or as a literal.
void append_string(std::string& out, std::string_view text, bool utf8);
// NIL for nullopt.
void append_nstring(std::string& out, std::optional<std::string_view> text, bool utf8);

// "\Seen \Deleted": a sum of storage::MessageFlag, without parentheses.
void append_system_flags(std::string& out, uint8_t flags);
// "(\Seen $Forwarded)"; `keywords`: of strings.
template <typename Keywords>
void append_flags(std::string& out, uint8_t flags, const Keywords& keywords) {
    out += '(';
    append_system_flags(out, flags);
    bool first = flags == 0;
    for (const auto& keyword : keywords) {
        if (!first) out += ' ';
        first = false;
        out += keyword;
    }
    out += ')';
}

// "\"17-Jul-1996 09:44:25 +0000\"", quotes included; seconds since 1970. Years are 0 to 9999: what
// is beyond becomes the first or last second of them.
void append_internal_date(std::string& out, int64_t seconds);

// "1:4,7"; nothing for an empty set.
void append_sequence_set(std::string& out, const storage::UidSet& set);

}  // namespace gatepost::dataplane
