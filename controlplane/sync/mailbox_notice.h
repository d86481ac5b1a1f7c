// What the replication stream tells of mailboxes, beside the zones and the directory: rows of a
// transaction, in their order. They own what they hold.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace gatepost::controlplane {

// Of gatepost.mailboxes, as it is now.
struct MailboxRow {
    int64_t id = 0;
    int64_t account_id = 0;
    int64_t uid_validity = 0;
    int64_t uid_next = 0;
    int64_t highest_modseq = 0;
    int64_t messages = 0;
    int64_t unseen = 0;
    int64_t deleted = 0;
    int64_t octets = 0;
    bool subscribed = false;
    std::string special_use;  // "": none
    std::string name;
};
struct MailboxKey {
    int64_t id = 0;
};
// A row of gatepost.mailbox_acl came, went or changed.
struct MailboxAclChange {
    int64_t mailbox_id = 0;
};
// The same of gatepost.mailbox_subscriptions.
struct SubscriptionChange {
    int64_t account_id = 0;
};
// An account may not be used any more.
struct AccountClosed {
    int64_t account_id = 0;
    std::string reason;
};

using MailboxNotice =
    std::variant<MailboxRow, MailboxKey, MailboxAclChange, SubscriptionChange, AccountClosed>;

// Heap octets that it fills, and its own.
size_t size_bytes(const MailboxNotice& notice);

}  // namespace gatepost::controlplane
