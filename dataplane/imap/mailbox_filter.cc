#include "dataplane/imap/mailbox_filter.h"

#include <algorithm>
#include <string_view>

namespace gatepost::dataplane {

namespace {

// Below `root`, or that itself; not more than one level below it where `one_level`.
bool is_in_subtree(std::string_view name, std::string_view root, bool one_level) {
    if (name == root) return true;
    if (!root.empty()) {
        if (!name.starts_with(root) || name[root.size()] != '/') return false;
        name.remove_prefix(root.size() + 1);
    }
    return !one_level || name.find('/') == std::string_view::npos;
}

}  // namespace

// RFC 5465 §6, RFC 7377 §2.2.
bool is_meant(const MailboxFilter& filter, const storage::MailboxListing& mailbox,
              uint64_t account_id) {
    using Kind = MailboxFilter::Kind;
    const bool personal = mailbox.owner_id == account_id;
    const auto any_root = [&](bool one_level) {
        return std::ranges::any_of(filter.mailboxes, [&](const std::string& root) {
            return is_in_subtree(mailbox.name, root, one_level);
        });
    };
    switch (filter.kind) {
        case Kind::selected:
        case Kind::selected_delayed:
            return false;
        case Kind::inboxes:
            return personal && mailbox.name == "INBOX";
        case Kind::personal:
            return personal;
        case Kind::subscribed:
            return mailbox.subscribed;
        case Kind::subtree:
            return any_root(false);
        case Kind::subtree_one:
            return any_root(true);
        case Kind::mailboxes:
            return std::ranges::binary_search(filter.mailboxes, mailbox.name);
    }
    return false;
}

}  // namespace gatepost::dataplane
