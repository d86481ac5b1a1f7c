// Looks for a text in fields of headers, as people read them: unfolded, encoded words decoded.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/imap_search/summary_view.h"
#include "dataplane/imap_search/text_needle.h"
#include "dataplane/mail/charset.h"

namespace gatepost::dataplane {

// Room that is used again and again. One for each search.
struct MatchScratch {
    std::string text;
    std::string casemapped;
};

// A field's value, folded or not.
bool is_in_value(const TextNeedle& needle, std::string_view value, const Charsets& charsets,
                 MatchScratch& scratch);

// A list of addresses, which is looked at as one text:
//     Jörg Müller <joerg@example.net>, friends: ada@example.org, bob@example.org;
// false where the list is empty, whatever the needle.
bool is_in_addresses(const TextNeedle& needle, AddressCursor addresses, const Charsets& charsets,
                     MatchScratch& scratch);

// In the fields of that name of a header that lies whole in memory. With an empty needle: whether
// there is such a field (RFC 9051 §6.4.4, HEADER).
bool is_in_fields(const TextNeedle& needle, std::string_view name, std::string_view header,
                  const Charsets& charsets, MatchScratch& scratch);

// Appends a header that lies whole in memory as it is compared: a line for each field, casemapped.
void append_header_text(std::string_view header, const Charsets& charsets, MatchScratch& scratch,
                        std::string& out);

}  // namespace gatepost::dataplane
