// A response as text, in the layout that dig made customary.
#pragma once

#include <string>

#include "tools/gatepost/dns/ask.h"

namespace gatepost::tools {

// "example.org.\t\t3600\tIN\tMX\t10 mail.example.org." with tabs such that columns align.
std::string record_to_text(const MessageRecord& record);
// The data alone, one line per record: dig's +short.
std::string short_text(const Response& response);
// Header, pseudo-section, sections and the statistics at the end.
std::string full_text(const Answered& answered, const Endpoint& server);

}  // namespace gatepost::tools
