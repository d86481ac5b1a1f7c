#include "dataplane/imap/notify_settings.h"

#include <algorithm>

namespace gatepost::dataplane {

namespace {

using Filter = NotifySettings::Group::Filter;

bool is_below(std::string_view name, std::string_view root) {
    return name.starts_with(root) && (name.size() == root.size() || name[root.size()] == '/');
}

// RFC 5465 §6.
bool has(const NotifySettings::Group& group, const storage::MailboxListing& mailbox,
         uint64_t account_id) {
    const bool personal = mailbox.owner_id == account_id;
    switch (group.filter) {
        case Filter::selected:
        case Filter::selected_delayed:
            return false;
        case Filter::inboxes:
            return personal && mailbox.name == "INBOX";
        case Filter::personal:
            return personal;
        case Filter::subscribed:
            return mailbox.subscribed;
        case Filter::subtree:
            return std::ranges::any_of(group.mailboxes, [&](const std::string& root) {
                return is_below(mailbox.name, root);
            });
        case Filter::mailboxes:
            return std::ranges::find(group.mailboxes, mailbox.name) != group.mailboxes.end();
    }
    return false;
}

}  // namespace

const NotifySettings::Group* NotifySettings::selected() const {
    const auto found = std::ranges::find_if(arguments_.groups, [](const Group& group) {
        return group.filter == Filter::selected || group.filter == Filter::selected_delayed;
    });
    return found == arguments_.groups.end() || found->none ? nullptr : &*found;
}

const NotifySettings::Group* NotifySettings::group_of(const storage::MailboxListing& mailbox,
                                                      uint64_t account_id) const {
    const auto found = std::ranges::find_if(
        arguments_.groups, [&](const Group& group) { return has(group, mailbox, account_id); });
    return found == arguments_.groups.end() || found->none ? nullptr : &*found;
}

bool NotifySettings::watches(uint64_t mailbox_id) const {
    return std::ranges::binary_search(watched_, mailbox_id, {}, &Watched::mailbox_id);
}

void NotifySettings::note_changed(uint64_t mailbox_id) {
    const auto at = std::ranges::lower_bound(watched_, mailbox_id, {}, &Watched::mailbox_id);
    if (at != watched_.end() && at->mailbox_id == mailbox_id) at->changed = true;
}

}  // namespace gatepost::dataplane
