// Mailbox names as IMAP4rev1 writes them (RFC 3501 §5.1.3): modified UTF-7.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatepost::dataplane {

// To UTF-8. Strict, so that each name has one form: nullopt for what is not printable ASCII,
// base64 of printable ASCII, two shifts where one does, bits left over, halves of surrogate pairs.
std::optional<std::string> decode_modified_utf7(std::string_view text);

// Appends; octets that are no UTF-8 become U+FFFD.
void append_modified_utf7(std::string& out, std::string_view utf8);

}  // namespace gatepost::dataplane
