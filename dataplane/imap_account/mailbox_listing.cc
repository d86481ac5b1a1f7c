#include "dataplane/imap_account/mailbox_listing.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "dataplane/imap_account/mailbox_pattern.h"

namespace gatepost::dataplane {

namespace {

using storage::MailboxListing;
using Tree = std::map<std::string_view, ListedMailbox>;

// Every mailbox, and every name that has some below it. Keys are the account's own text.
Tree tree_of(const storage::AccountView& account) {
    Tree tree;
    for (size_t i = 0; i < account.size(); ++i) {
        const MailboxListing listing = account.at(i);
        if (listing.mailbox_id != 0 && (listing.rights & storage::kRightLookup) == 0) continue;
        ListedMailbox& mailbox = tree[listing.name];
        mailbox.mailbox_id = listing.mailbox_id;
        mailbox.rights = listing.rights;
        mailbox.special_use = listing.special_use;
        mailbox.subscribed = listing.subscribed;
        if (listing.mailbox_id == 0) continue;
        for (size_t slash = listing.name.rfind(kLevelSeparator);
             slash != std::string_view::npos && slash != 0;
             slash = listing.name.rfind(kLevelSeparator, slash - 1))
            tree[listing.name.substr(0, slash)].has_children = true;
    }
    return tree;
}

bool is_selected(const ListedMailbox& mailbox, const ListArguments& arguments, bool lsub) {
    if ((arguments.subscribed_only || lsub) && !mailbox.subscribed) return false;
    if (arguments.special_use_only && mailbox.special_use == storage::SpecialUse::none)
        return false;
    return true;
}

bool selects(const ListArguments& arguments, bool lsub) {
    return arguments.subscribed_only || arguments.special_use_only || lsub;
}

// What is above a mailbox that is selected is marked.
void mark_parents(Tree& tree, std::string_view name) {
    for (size_t slash = name.rfind(kLevelSeparator); slash != std::string_view::npos && slash != 0;
         slash = name.rfind(kLevelSeparator, slash - 1)) {
        const auto parent = tree.find(name.substr(0, slash));
        if (parent != tree.end()) parent->second.child_selected = true;
    }
}

bool ends_in_percent(std::string_view pattern) {
    return !pattern.empty() && pattern.back() == '%';
}

}  // namespace

std::vector<ListedMailbox> list_mailboxes(const storage::AccountView& account,
                                          const ListArguments& arguments, bool lsub) {
    Tree tree = tree_of(account);
    const bool filtered = selects(arguments, lsub);
    for (auto& [name, mailbox] : tree) {
        mailbox.selected = is_selected(mailbox, arguments, lsub);
        if (mailbox.selected && filtered) mark_parents(tree, name);
    }
    std::vector<std::string> patterns;
    for (const std::string& pattern : arguments.patterns)
        patterns.push_back(arguments.reference + pattern);
    std::vector<ListedMailbox> listed;
    for (auto& [name, mailbox] : tree) {
        // A subscription to what is not there is listed where subscriptions are asked for.
        if (mailbox.mailbox_id == 0 && !mailbox.has_children && !arguments.subscribed_only && !lsub)
            continue;
        const auto matching = std::ranges::find_if(
            patterns, [&](const std::string& pattern) { return matches_pattern(pattern, name); });
        if (matching == patterns.end()) continue;
        const bool for_children = mailbox.child_selected && (arguments.recursive_match ||
                                                             (lsub && ends_in_percent(*matching)));
        if (!mailbox.selected && !for_children) continue;
        // Nothing but its children makes it a name: selection options ask for mailboxes.
        if (filtered && mailbox.mailbox_id == 0 && !mailbox.subscribed && !for_children) continue;
        mailbox.name = name;
        listed.push_back(std::move(mailbox));
    }
    return listed;
}

}  // namespace gatepost::dataplane
