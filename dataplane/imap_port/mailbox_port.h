// The mailboxes as sessions of IMAP and POP3 ask for them. A worker implements it over the index
// and the connection to the control plane; tests fake it. All of it runs in the worker's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dataplane/reactor/task.h"
#include "storage/mailbox_frames/mailbox_reply.h"
#include "storage/mailbox_frames/mailbox_request.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

// Told of changes, from the worker's loop. A watcher may be destroyed at any time, also from inside
// a call of its own.
class MailboxWatcher {
  public:
    virtual void on_mailbox_changed(uint64_t mailbox_id) = 0;
    // The list of the account's mailboxes.
    virtual void on_account_changed() = 0;
    // The session is to end, having said why.
    virtual void on_disconnect(const std::string& reason) = 0;
    // For `gatepost user sessions`: what is not known is left as it is.
    virtual void describe(storage::SessionNote& note) const = 0;

  protected:
    ~MailboxWatcher() = default;
};

class MailboxPort {
  public:
    // The index as it is now; nullopt: none has come yet. What it gives is valid until the next
    // co_await.
    virtual std::optional<storage::MailboxIndexView> index() = 0;
    // `unavailable` where there is no control plane, or it has gone before it answered; `unknown`
    // where a change may have been made all the same.
    virtual Task<storage::MailboxReply> ask(storage::MailboxRequest request) = 0;

    // The watcher hears of the account, and of each mailbox that it watches. Once per watcher.
    virtual void add_watcher(MailboxWatcher& watcher, uint64_t account_id) = 0;
    virtual void watch_mailbox(MailboxWatcher& watcher, uint64_t mailbox_id) = 0;
    virtual void unwatch_mailbox(MailboxWatcher& watcher, uint64_t mailbox_id) = 0;
    virtual void remove_watcher(MailboxWatcher& watcher) = 0;

  protected:
    ~MailboxPort() = default;
};

}  // namespace gatepost::dataplane
