// The folders of an account on an IMAP server.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/imap_client/mail_server.h"

namespace gatepost::tools {

struct RemoteFolder {
    std::string wire_name;  // as the server writes it
    // In UTF-8, without the prefix that all folders of the account have: {"Work", "2026"}.
    std::vector<std::string> levels;
    std::string special_use;  // "\Sent" (RFC 6154 §2); "": none was told
    bool selectable = true;
    bool subscribed = false;

    // With "/" between the levels, for people.
    std::string name() const;
};

// Those of the account itself: what others share with it, and what is public, is not its mail.
Result<std::vector<RemoteFolder>> list_folders(MailServer& server);

// Of one LIST response; `prefix` is of the personal namespace. Levels are empty where the response
// makes no sense.
RemoteFolder folder_of(const ServerResponse& response, std::string_view prefix);

}  // namespace gatepost::tools
