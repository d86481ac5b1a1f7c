// What gatepost-sendmail makes of a message and its options.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/sendmail/options.h"

namespace gatepost::tools {

// Who calls, and where.
struct SendmailCaller {
    std::string user;       // the login name
    std::string full_name;  // may be empty
    std::string host;       // what addresses without a domain get
};

struct Submission {
    std::string sender;  // "": the null reverse-path
    std::vector<std::string> recipients;
    std::string octets;  // canonical
};

// Up to a line with a dot alone, unless that is text.
std::string_view up_to_dot(std::string_view input, bool dot_is_text);

// With -t the recipients of the header come to those of the command line, as with Postfix. Bcc
// fields go; a From field is added where there is none. Refused (usage) without any recipient.
Result<Submission> make_submission(std::string_view input, const SendmailOptions& options,
                                   const SendmailCaller& caller);

}  // namespace gatepost::tools
