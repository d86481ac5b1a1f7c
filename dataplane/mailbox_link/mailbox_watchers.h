// Who is told of changes: the watchers of a worker, by account and by mailbox.
//
// What a watcher is told may make it, and others, come and go: each is told only while it still
// watches what has changed, and whoever comes meanwhile has seen the change already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataplane/imap_port/mailbox_port.h"

namespace gatepost::dataplane {

class MailboxWatchers {
  public:
    // As MailboxPort has it.
    void add(MailboxWatcher& watcher, uint64_t account_id);
    void remove(MailboxWatcher& watcher);
    void watch(MailboxWatcher& watcher, uint64_t mailbox_id);
    void unwatch(MailboxWatcher& watcher, uint64_t mailbox_id);
    size_t size() const { return watches_.size(); }

    void tell_mailbox_changed(uint64_t mailbox_id);
    void tell_account_changed(uint64_t account_id);
    // Gives how many were told.
    size_t tell_disconnect(uint64_t account_id, const std::string& reason);
    // All look anew at all that they watch: changes may have passed unseen.
    void tell_all_changed();

    // `visit(account_id, const MailboxWatcher&)`; changes nothing here.
    template <typename Visit>
    void for_each(const Visit& visit) const {
        for (const auto& [watcher, watch] : watches_) visit(watch.account_id, *watcher);
    }

  private:
    using Watchers = std::vector<MailboxWatcher*>;
    using ById = std::unordered_map<uint64_t, Watchers>;

    struct Watch {
        uint64_t account_id = 0;
        std::vector<uint64_t> mailboxes;  // ascending

        bool has(uint64_t mailbox_id) const;
    };

    static void drop(ById& map, uint64_t id, MailboxWatcher& watcher);
    // nullptr: it watches no more.
    const Watch* find(MailboxWatcher* watcher) const;
    // Those of an account that are still there when their turn comes.
    template <typename Tell>
    void tell_account(uint64_t account_id, const Tell& tell);

    std::unordered_map<MailboxWatcher*, Watch> watches_;
    ById by_account_;
    ById by_mailbox_;
};

}  // namespace gatepost::dataplane
