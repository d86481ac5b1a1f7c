// Text for a header in ASCII alone: what all kinds of fields are downgraded with.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "dataplane/mail/charset.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {

// RFC 2047 §2: characters of a line with an encoded word.
inline constexpr size_t kWordLineMax = 76;
inline constexpr unsigned char kDelete = 0x7f;  // a control, above what is printed

// RFC 5322 §2.1.1: octets of any line, without its end.
inline constexpr size_t kLineOctetsMax = 998;

// A line of `text` is longer than any may be.
bool has_long_line(std::string_view text);

// '?' for every octet that is not ASCII: what can be written in no other way. Of the same length.
std::string masked(std::string_view text);
// A field with its line end, folded as it was.
std::string masked_field(const HeaderField& field);

// As a quoted string (RFC 5322 §3.2.4).
std::string quoted(std::string_view text);

// Appends encoded words of whole characters of `text`, which is UTF-8, behind what stands in the
// line already: `column` characters, and what stands there then.
void append_words(std::string& out, size_t& column, std::string_view text);

// RFC 6857 §3.1.3: appends one comment for those in `cfws`, which are as the field has them.
void append_comment(std::string& out, size_t& column, std::string_view cfws,
                    const Charsets& charsets);

// RFC 6857 §3.1.1: a field with its line end.
std::string words_field(std::string name, std::string_view value, const Charsets& charsets);

// RFC 6857 §3.1.10: the same in a field of another name, the last resort that loses nothing.
std::string encapsulated_field(const HeaderField& field, const Charsets& charsets);

}  // namespace gatepost::dataplane
