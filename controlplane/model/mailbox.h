// The mailboxes of an account.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct Mailbox {
    int64_t id = 0;
    int64_t account_id = 0;
    std::string name;         // UTF-8, "/" between the levels; "INBOX"
    std::string special_use;  // "\Sent"; "": an ordinary one
    uint64_t messages = 0;
    uint64_t octets = 0;
    uint64_t unseen = 0;
    uint64_t uid_next = 1;
    uint64_t uid_validity = 0;
    uint64_t highest_modseq = 0;
    bool subscribed = true;
    std::string created_at;  // RFC 3339, UTC
};

struct MailboxResult {
    std::optional<Mailbox> before;
    std::optional<Mailbox> after;
};

// "inbox" → "INBOX". Refused (usage) where it cannot be a mailbox's name.
Result<std::string> mailbox_name_from_text(std::string_view text);

// INBOX first, then by name. All of these refuse an account or a mailbox that is not there, and say
// how to see those that are.
Result<std::vector<Mailbox>> mailbox_list(Connection& connection, std::string_view address);
Result<Mailbox> mailbox_get(Connection& connection, std::string_view address,
                            std::string_view name);
// `special_use` as in Mailbox. The account is subscribed to it.
Result<MailboxResult> mailbox_create(Connection& connection, std::string_view address,
                                     std::string_view name, const WriteOptions& options,
                                     std::string_view special_use = {});
// With the mailboxes below it. Not INBOX, which would stay (RFC 9051 §6.3.6).
Result<MailboxResult> mailbox_rename(Connection& connection, std::string_view address,
                                     std::string_view from, std::string_view to,
                                     const WriteOptions& options);
// With its messages; those below it stay. Not INBOX (RFC 9051 §6.3.5).
Result<MailboxResult> mailbox_delete(Connection& connection, std::string_view address,
                                     std::string_view name, const WriteOptions& options);

}  // namespace gatepost::controlplane
