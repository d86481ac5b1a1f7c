// URLs of messages and their parts on this server (RFC 5092), as CATENATE names them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/imap_syntax/fetch_items.h"

namespace gatepost::dataplane {

struct ImapUrl {
    std::string mailbox;  // UTF-8
    std::optional<uint32_t> uid_validity;
    uint32_t uid = 0;
    FetchItem item = {.kind = FetchItem::Kind::body_section, .peek = true};  // the section
};

// "/INBOX;UIDVALIDITY=7/;UID=20/;SECTION=1.2/;PARTIAL=0.100", also without its first "/", and
// behind "imap://user@host" where the host is `server_name`. nullopt: it is none of these, or of
// another server, or names fields of a header.
std::optional<ImapUrl> parse_imap_url(std::string_view text, std::string_view server_name);

}  // namespace gatepost::dataplane
