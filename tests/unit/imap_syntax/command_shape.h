// Commands as text: what was read, short enough for a table.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/imap_syntax/command.h"
#include "dataplane/imap_syntax/command_text.h"
#include "dataplane/imap_syntax/parse_context.h"

namespace gatepost::dataplane {

// Lines end with CR LF, the last one may go without. Literals are read as they are announced.
CommandText text_of(std::string_view wire, const TextLimits& limits = kTextLimitsLoggedIn);

std::string shape_of(const SequenceSet& set);
std::string shape_of(const SearchKey& key);
std::string shape_of(const FetchItem& item);
std::string shape_of(const FlagList& flags);
std::string shape_of(const ImapCommand& command);

// The shape of what parse_command() reads, "BAD text" or "NO [CODE] text".
std::string parsed(std::string_view wire, const ParseContext& context = {.logged_in = true});

}  // namespace gatepost::dataplane
