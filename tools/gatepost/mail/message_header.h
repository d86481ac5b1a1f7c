// The header of a message in hand: its fields as they stand, and the edits that handing it in
// needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tools {

// A field with its folded lines and its line end, in the text it was found in.
struct RawField {
    std::string_view name;   // in the case given
    std::string_view value;  // behind the colon, folded, without the last line end
    std::string_view raw;
};

struct SplitMessage {
    std::vector<RawField> fields;
    std::string_view header;  // without the empty line
    std::string_view rest;    // from the empty line on; empty where there is none
};
// Lines end with LF, with CR or without. The header ends at an empty line, or before what is no
// field. "From " of an mbox in front of it is passed over.
SplitMessage split_message(std::string_view octets);

// Unfolded, without blanks at the ends; "" where there is no such field. The first one counts.
std::string field_text(const SplitMessage& message, std::string_view name);

// The addresses of To, Cc and Bcc; of Resent-To and the rest where there is any of those (RFC 5322
// §3.6.6). Each once, as given.
std::vector<std::string> header_recipients(const SplitMessage& message);
// Addresses of one list: "Ada <ada@example.org>, bob@example.org".
std::vector<std::string> addresses_in(std::string_view list);

// The message without the fields of that name (any case).
std::string without_fields(std::string_view octets, const SplitMessage& message,
                           const std::vector<std::string_view>& names);

}  // namespace gatepost::tools
