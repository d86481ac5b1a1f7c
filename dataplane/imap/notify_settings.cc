#include "dataplane/imap/notify_settings.h"

#include <algorithm>

#include "dataplane/imap/mailbox_filter.h"

namespace gatepost::dataplane {

const NotifySettings::Group* NotifySettings::selected() const {
    const auto found = std::ranges::find_if(
        arguments_.groups, [](const Group& group) { return group.filter.is_selected(); });
    return found == arguments_.groups.end() || found->none ? nullptr : &*found;
}

const NotifySettings::Group* NotifySettings::group_of(const storage::MailboxListing& mailbox,
                                                      uint64_t account_id) const {
    const auto found = std::ranges::find_if(arguments_.groups, [&](const Group& group) {
        return is_meant(group.filter, mailbox, account_id);
    });
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
