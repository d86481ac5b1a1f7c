// Whom a mailbox is shared with (RFC 4314).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct MailboxShare {
    int64_t mailbox_id = 0;
    std::string identifier;  // an address of an account, or "anyone"
    unsigned rights = 0;     // as mailbox_acl.rights has them

    bool operator==(const MailboxShare&) const = default;
};

// "lrs", in the order of RFC 4314 §2.1.
std::string mailbox_rights_text(unsigned rights);
// Letters in any order; refused (usage) where one is none, or there are none.
Result<unsigned> mailbox_rights_from_text(std::string_view text);

// Of all mailboxes of an account, by mailbox and identifier.
Result<std::vector<MailboxShare>> mailbox_shares(Connection& connection, int64_t account_id);

struct MailboxShareResult {
    unsigned before = 0;  // rights; 0: none
    unsigned after = 0;
};
// `with` gets exactly these rights on the mailbox; 0: none any more. Refused where the account or
// the mailbox is not there, or `with` is the owner.
Result<MailboxShareResult> mailbox_share(Connection& connection, std::string_view address,
                                         std::string_view name, std::string_view with,
                                         unsigned rights, const WriteOptions& options);

}  // namespace gatepost::controlplane
