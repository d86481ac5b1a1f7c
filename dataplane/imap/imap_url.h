// URLs of messages and their parts on this server (RFC 5092), as CATENATE names them, and as
// URLAUTH (RFC 4467) gives them to others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/imap_syntax/fetch_items.h"

namespace gatepost::dataplane {

// ";EXPIRE=2026-12-01T00:00:00Z;URLAUTH=user+bob%40example.org:INTERNAL:91354a47…"
struct UrlAuthorization {
    // RFC 4467 §3: who may use the URL.
    enum class Access : uint8_t {
        submit,         // a submission server, for `user`
        user,           // `user`
        any_user,       // whoever has logged in
        any_connection  // as a user "anonymous" as well
    };
    Access access = Access::any_user;
    std::string user;
    std::optional<int64_t> last_second;  // since 1970: after it, the URL is good no more
    size_t signed_octets = 0;            // of the URL, from its beginning: all but the next two
    std::string mechanism;               // "": the URL is not signed yet
    std::string token;
};

struct ImapUrl {
    bool is_absolute = false;  // names the server
    std::string owner;         // whose mailboxes: the user of an absolute URL; "": none is named
    std::string mailbox;       // UTF-8
    std::optional<uint32_t> uid_validity;
    uint32_t uid = 0;
    FetchItem item = {.kind = FetchItem::Kind::body_section, .peek = true};  // the section
    std::optional<UrlAuthorization> authorization;
};

// "/INBOX;UIDVALIDITY=7/;UID=20/;SECTION=1.2/;PARTIAL=0.100", also without its first "/", and
// behind "imap://user@host" where the host is `server_name`; behind them maybe an authorization,
// signed or not. nullopt: it is none of these, or of another server, or names fields of a header.
std::optional<ImapUrl> parse_imap_url(std::string_view text, std::string_view server_name);

}  // namespace gatepost::dataplane
