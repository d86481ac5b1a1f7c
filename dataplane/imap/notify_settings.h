// What a client has asked to be told unasked (RFC 5465).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/imap_syntax/command.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

class NotifySettings {
  public:
    using Group = NotifyArguments::Group;
    // A mailbox that is not selected, as the client was told of it.
    struct Watched {
        uint64_t mailbox_id = 0;
        std::string name;
        bool subscribed = false;
        bool messages = false;  // its messages are watched
        bool changed = false;   // since it was told
        const Group* group = nullptr;
        uint64_t modseq = 0;  // as it was told
    };

    explicit NotifySettings(NotifyArguments arguments) : arguments_(std::move(arguments)) {}
    NotifySettings(const NotifySettings&) = delete;
    NotifySettings& operator=(const NotifySettings&) = delete;

    // nullptr: the selected mailbox is told of at the ends of commands alone.
    const Group* selected() const;
    // The group that a mailbox belongs to: the first one that has it.
    const Group* group_of(const storage::MailboxListing& mailbox, uint64_t account_id) const;
    std::vector<Watched>& watched() { return watched_; }
    const NotifyArguments& arguments() const { return arguments_; }
    bool watches(uint64_t mailbox_id) const;
    void note_changed(uint64_t mailbox_id);
    uint64_t serial = 0;  // of the account's list that `watched` is of

  private:
    NotifyArguments arguments_;
    std::vector<Watched> watched_;  // by mailbox_id
};

}  // namespace gatepost::dataplane
