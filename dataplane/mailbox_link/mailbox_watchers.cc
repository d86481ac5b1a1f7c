#include "dataplane/mailbox_link/mailbox_watchers.h"

#include <algorithm>

#include "storage/base/check.h"

namespace gatepost::dataplane {

bool MailboxWatchers::Watch::has(uint64_t mailbox_id) const {
    return std::binary_search(mailboxes.begin(), mailboxes.end(), mailbox_id);
}

void MailboxWatchers::add(MailboxWatcher& watcher, uint64_t account_id) {
    const bool is_new = watches_.emplace(&watcher, Watch{account_id, {}}).second;
    GATEPOST_CHECK(is_new);
    by_account_[account_id].push_back(&watcher);
}

void MailboxWatchers::remove(MailboxWatcher& watcher) {
    const auto node = watches_.extract(&watcher);
    if (node.empty()) return;
    const Watch& watch = node.mapped();
    drop(by_account_, watch.account_id, watcher);
    for (const uint64_t mailbox_id : watch.mailboxes) drop(by_mailbox_, mailbox_id, watcher);
}

void MailboxWatchers::watch(MailboxWatcher& watcher, uint64_t mailbox_id) {
    const auto found = watches_.find(&watcher);
    GATEPOST_CHECK(found != watches_.end());
    std::vector<uint64_t>& mailboxes = found->second.mailboxes;
    const auto place = std::lower_bound(mailboxes.begin(), mailboxes.end(), mailbox_id);
    if (place != mailboxes.end() && *place == mailbox_id) return;
    mailboxes.insert(place, mailbox_id);
    by_mailbox_[mailbox_id].push_back(&watcher);
}

void MailboxWatchers::unwatch(MailboxWatcher& watcher, uint64_t mailbox_id) {
    const auto found = watches_.find(&watcher);
    if (found == watches_.end()) return;
    std::vector<uint64_t>& mailboxes = found->second.mailboxes;
    const auto place = std::lower_bound(mailboxes.begin(), mailboxes.end(), mailbox_id);
    if (place == mailboxes.end() || *place != mailbox_id) return;
    mailboxes.erase(place);
    drop(by_mailbox_, mailbox_id, watcher);
}

void MailboxWatchers::drop(ById& map, uint64_t id, MailboxWatcher& watcher) {
    const auto found = map.find(id);
    Watchers& watchers = found->second;
    *std::find(watchers.begin(), watchers.end(), &watcher) = watchers.back();
    watchers.pop_back();
    if (watchers.empty()) map.erase(found);
}

const MailboxWatchers::Watch* MailboxWatchers::find(MailboxWatcher* watcher) const {
    const auto found = watches_.find(watcher);
    return found == watches_.end() ? nullptr : &found->second;
}

void MailboxWatchers::tell_mailbox_changed(uint64_t mailbox_id) {
    const auto found = by_mailbox_.find(mailbox_id);
    if (found == by_mailbox_.end()) return;
    const Watchers whom = found->second;
    for (MailboxWatcher* watcher : whom)
        if (const Watch* watch = find(watcher); watch != nullptr && watch->has(mailbox_id))
            watcher->on_mailbox_changed(mailbox_id);
}

template <typename Tell>
void MailboxWatchers::tell_account(uint64_t account_id, const Tell& tell) {
    const auto found = by_account_.find(account_id);
    if (found == by_account_.end()) return;
    const Watchers whom = found->second;
    for (MailboxWatcher* watcher : whom)
        if (const Watch* watch = find(watcher); watch != nullptr && watch->account_id == account_id)
            tell(*watcher);
}

void MailboxWatchers::tell_account_changed(uint64_t account_id) {
    tell_account(account_id, [](MailboxWatcher& watcher) { watcher.on_account_changed(); });
}

size_t MailboxWatchers::tell_disconnect(uint64_t account_id, const std::string& reason) {
    size_t told = 0;
    tell_account(account_id, [&](MailboxWatcher& watcher) {
        ++told;
        watcher.on_disconnect(reason);
    });
    return told;
}

void MailboxWatchers::tell_all_changed() {
    Watchers whom;
    whom.reserve(watches_.size());
    for (const auto& [watcher, watch] : watches_) whom.push_back(watcher);
    for (MailboxWatcher* watcher : whom) {
        const Watch* watch = find(watcher);
        if (watch == nullptr) continue;
        const std::vector<uint64_t> mailboxes = watch->mailboxes;
        watcher->on_account_changed();
        for (const uint64_t mailbox_id : mailboxes) {
            watch = find(watcher);
            if (watch == nullptr) break;
            if (watch->has(mailbox_id)) watcher->on_mailbox_changed(mailbox_id);
        }
    }
}

}  // namespace gatepost::dataplane
