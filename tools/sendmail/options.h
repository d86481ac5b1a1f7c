// The command line of gatepost-sendmail: that of sendmail(8), as far as programs use it.
#pragma once

#include <string>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::tools {

struct SendmailOptions {
    std::string socket;  // --socket; "": that of the instance
    bool has_sender = false;
    std::string sender;                   // -f or -r; "" with has_sender: the null reverse-path
    std::string full_name;                // -F
    bool recipients_from_header = false;  // -t
    bool dot_is_text = false;  // -i, -oi: a line with a dot alone does not end the message
    bool only_version = false;
    std::vector<std::string> recipients;
};

// Options may stand together (-ti) and come with or before their values. What only changes how
// sendmail works inside (-B, -O, -o…, -N, -m, -v…) is taken and means nothing. Refused (usage):
// modes other than delivery (-bs, -bp, -q…), and what is unknown.
Result<SendmailOptions> parse_sendmail_options(const std::vector<std::string>& words);

}  // namespace gatepost::tools
