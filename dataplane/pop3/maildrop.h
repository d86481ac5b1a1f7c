// The messages of a mailbox as one session numbers them (RFC 1939 §4): as they were at the login,
// until its end, whatever others do to the mailbox meanwhile. Five octets for each message, and
// ranges of UIDs; where a body lies is looked up when it is wanted, since compaction moves bodies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/imap_view/message_numbers.h"
#include "storage/mailbox_frames/uid_set.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

class Maildrop {
  public:
    Maildrop() = default;
    // `mailbox` has its messages.
    explicit Maildrop(const storage::MailboxView& mailbox);

    uint64_t mailbox_id() const { return mailbox_id_; }
    uint32_t uid_validity() const { return uid_validity_; }
    // Numbers are 1 … size(), of messages marked as deleted as well.
    uint32_t size() const { return numbers_.size(); }
    // Of those that are not marked as deleted.
    uint32_t messages_left() const { return messages_left_; }
    uint64_t octets_left() const { return octets_left_; }

    // There is a message of that number that is not marked as deleted.
    bool has(uint32_t number) const;
    // Of numbers that there are, marked or not.
    uint32_t uid_at(uint32_t number) const { return numbers_.uid_at(number); }
    uint32_t octets_at(uint32_t number) const { return octets_[number - 1]; }
    // What UIDL tells: as Dovecot's %08Xu%08Xv, so that clients of a mailbox that was moved here
    // with its UIDs know their messages.
    std::string unique_id(uint32_t number) const;

    // has(number)
    void mark_deleted(uint32_t number);
    void mark_read(uint32_t number) { marks_[number - 1] |= kRead; }
    // RSET: nothing is deleted; what was read was read.
    void unmark_deleted();

    storage::UidSet deleted_uids() const { return uids_with(kDeleted, kDeleted); }
    // Without those.
    storage::UidSet read_uids() const { return uids_with(kDeleted | kRead, kRead); }

  private:
    static constexpr uint8_t kDeleted = 1;
    static constexpr uint8_t kRead = 2;

    // Of those that have these marks, and no other of `mask`.
    storage::UidSet uids_with(uint8_t mask, uint8_t marks) const;

    MessageNumbers numbers_;
    std::vector<uint32_t> octets_;  // by number
    std::vector<uint8_t> marks_;    // by number
    uint64_t mailbox_id_ = 0;
    uint64_t octets_left_ = 0;
    uint32_t uid_validity_ = 0;
    uint32_t messages_left_ = 0;
};

}  // namespace gatepost::dataplane
