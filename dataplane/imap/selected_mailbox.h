// The mailbox that a session has selected, as its client sees it: what it has been told, and what
// the index has that it has not been told yet.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/imap_view/message_numbers.h"
#include "storage/mailbox_frames/uid_set.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

// Between the client's view and the index.
struct MailboxChanges {
    storage::UidSet expunged;  // they keep their numbers until SelectedMailbox::forget()
    storage::UidSet changed;   // flags; new messages are not among them
    storage::UidSet arrived;   // new messages
    bool keywords = false;     // the mailbox has other keywords than it had
};

class SelectedMailbox {
  public:
    // The mailbox as it is, all of which the client is going to be told.
    SelectedMailbox(std::string name, bool read_only, const storage::MailboxView& mailbox);

    uint64_t id() const { return id_; }
    uint32_t uid_validity() const { return uid_validity_; }
    const std::string& name() const { return name_; }
    bool read_only() const { return read_only_; }
    // Of the account that has selected it, when they were last seen.
    uint16_t rights() const { return rights_; }
    void set_rights(uint16_t rights) { rights_ = rights; }
    const MessageNumbers& numbers() const { return numbers_; }
    // Every change up to this one has been told, but for messages that have gone.
    uint64_t told_modseq() const { return told_modseq_; }
    // "$" (RFC 5182).
    storage::UidSet& saved() { return saved_; }

    // Whether the view is one of the mailbox that was selected.
    bool is_of(const storage::MailboxView& mailbox) const;
    // What is to be told now; it counts as told, but for what has been expunged.
    MailboxChanges take_changes(const storage::MailboxView& mailbox, bool with_expunged);
    // Of what take_changes() has given as changed, these could not be told: it gives them again.
    void tell_later(const storage::UidSet& uids);
    bool has_untold() const { return !untold_.empty(); }
    // They have been told to have gone.
    void forget(const storage::UidSet& expunged);

  private:
    storage::UidSet find_expunged(const storage::MailboxView& mailbox) const;

    uint64_t id_;
    uint64_t told_modseq_;
    std::string name_;
    MessageNumbers numbers_;
    storage::UidSet saved_;
    storage::UidSet untold_;
    size_t keyword_count_;
    uint32_t uid_validity_;
    uint32_t last_uid_;  // the highest that there has been
    uint16_t rights_ = 0;
    bool read_only_;
};

}  // namespace gatepost::dataplane
