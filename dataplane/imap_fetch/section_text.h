// Sections of FETCH as text: their names in a response, and the fields that are chosen of a header.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/imap_fetch/response_text.h"
#include "dataplane/imap_syntax/fetch_items.h"

namespace gatepost::dataplane {

// "BODY[1.HEADER.FIELDS (From To)]<0> "
void write_section_name(const FetchItem& item, ResponseText& out);

// Appends the fields of HEADER.FIELDS or HEADER.FIELDS.NOT as they stand, and the empty line.
// `is_whole`: the header was not cut short; `has_body`: something follows it.
void select_fields(std::string_view header, const FetchSection& section, bool is_whole,
                   bool has_body, std::string& out);

}  // namespace gatepost::dataplane
