#include "dataplane/pop3/maildrop.h"

#include <fmt/format.h>

namespace gatepost::dataplane {

Maildrop::Maildrop(const storage::MailboxView& mailbox)
    : numbers_(mailbox), messages_left_(numbers_.size()) {
    const storage::MailboxStatus status = mailbox.status();
    mailbox_id_ = status.mailbox_id;
    uid_validity_ = status.uid_validity;
    octets_.reserve(numbers_.size());
    for (size_t i = 0; i < mailbox.chunk_count(); ++i) {
        for (const storage::MailboxEntry& entry : mailbox.chunk(i).entries) {
            octets_.push_back(entry.size);
            octets_left_ += entry.size;
        }
    }
    marks_.resize(octets_.size());
}

bool Maildrop::has(uint32_t number) const {
    return number != 0 && number <= marks_.size() && (marks_[number - 1] & kDeleted) == 0;
}

std::string Maildrop::unique_id(uint32_t number) const {
    return fmt::format("{:08x}{:08x}", uid_at(number), uid_validity_);
}

void Maildrop::mark_deleted(uint32_t number) {
    marks_[number - 1] |= kDeleted;
    --messages_left_;
    octets_left_ -= octets_at(number);
}

void Maildrop::unmark_deleted() {
    for (uint32_t number = 1; number <= marks_.size(); ++number) {
        uint8_t& marks = marks_[number - 1];
        if ((marks & kDeleted) == 0) continue;
        marks &= static_cast<uint8_t>(~kDeleted);
        ++messages_left_;
        octets_left_ += octets_at(number);
    }
}

storage::UidSet Maildrop::uids_with(uint8_t mask, uint8_t marks) const {
    storage::UidSet uids;
    for (uint32_t number = 1; number <= marks_.size(); ++number)
        if ((marks_[number - 1] & mask) == marks) storage::add_uid(uids, uid_at(number));
    return uids;
}

}  // namespace gatepost::dataplane
