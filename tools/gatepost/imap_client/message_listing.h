// What is in a folder of an IMAP server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/imap_client/flag_table.h"
#include "tools/gatepost/imap_client/mail_server.h"

namespace gatepost::tools {

struct SelectedFolder {
    uint32_t uid_validity = 0;
    uint32_t uid_next = 0;  // 0: not told
    uint64_t messages = 0;
};

struct RemoteMessage {
    uint32_t uid = 0;
    uint32_t flags = 0;  // of the FlagTable
    int64_t date_s = 0;  // INTERNALDATE, since 1970
    uint64_t size = 0;   // octets
};

// EXAMINE: nothing is changed by looking (RFC 9051 §6.3.3). `write`: SELECT.
Result<SelectedFolder> open_folder(MailServer& server, const std::string& wire_name,
                                   bool write = false);

// Of the selected folder, those of `uids` ("1:*"), by UID.
Result<std::vector<RemoteMessage>> list_messages(MailServer& server, std::string_view uids,
                                                 FlagTable& flags);

// The Message-IDs of messages, in any order; "" where one has none. UIDs ascend.
struct MessageName {
    uint32_t uid = 0;
    std::string message_id;
};
Result<std::vector<MessageName>> message_names(MailServer& server,
                                               const std::vector<uint32_t>& uids);

// "17-Jul-1996 02:44:25 -0700" to seconds since 1970; nullopt: it is no date of RFC 9051 §9.
std::optional<int64_t> internal_date(std::string_view text);
// "4:6,9"; UIDs ascend.
std::string uid_set(const std::vector<uint32_t>& uids);
// Back; nullopt: it is none, or has more than `most`.
std::optional<std::vector<uint32_t>> uids_in(std::string_view set, size_t most);

}  // namespace gatepost::tools
