#include "dataplane/imap/selected_mailbox.h"

#include <utility>

#include "dataplane/imap/uid_sets.h"

namespace gatepost::dataplane {

using storage::MailboxChunk;
using storage::MailboxEntry;
using storage::MailboxView;
using storage::UidRange;
using storage::UidSet;

namespace {

// Of UIDs that were all there: those that are no more. The range is halved until one half is as it
// was, or gone: the time goes by the gaps, not by the messages.
void find_missing(const MailboxView& mailbox, uint32_t first, uint32_t last, UidSet& missing) {
    const size_t begin = mailbox.lower_bound(first);
    const size_t end = last == UINT32_MAX ? mailbox.size() : mailbox.lower_bound(last + 1);
    const uint64_t wanted = uint64_t{last} - first + 1;
    if (end - begin == wanted) return;
    if (end == begin) {
        if (!missing.empty() && missing.back().last + 1 == first)
            missing.back().last = last;
        else
            missing.push_back({first, last});
        return;
    }
    const uint32_t middle = first + (last - first) / 2;
    find_missing(mailbox, first, middle, missing);
    find_missing(mailbox, middle + 1, last, missing);
}

}  // namespace

SelectedMailbox::SelectedMailbox(std::string name, bool read_only, const MailboxView& mailbox)
    : id_(mailbox.status().mailbox_id),
      told_modseq_(mailbox.status().highest_modseq),
      name_(std::move(name)),
      numbers_(mailbox),
      keyword_count_(mailbox.keyword_count()),
      uid_validity_(mailbox.status().uid_validity),
      last_uid_(numbers_.last_uid()),
      read_only_(read_only) {}

// A mailbox that went back, with its database, gives its UIDs out a second time.
bool SelectedMailbox::is_of(const MailboxView& mailbox) const {
    const storage::MailboxStatus status = mailbox.status();
    return status.uid_validity == uid_validity_ && status.highest_modseq >= told_modseq_;
}

MailboxChanges SelectedMailbox::take_changes(const MailboxView& mailbox, bool with_expunged) {
    MailboxChanges changes;
    const uint64_t modseq = mailbox.status().highest_modseq;
    if (modseq > told_modseq_) {
        uint32_t last_uid = last_uid_;
        for (size_t i = 0; i < mailbox.chunk_count(); ++i) {
            const MailboxChunk chunk = mailbox.chunk(i);
            if (chunk.modseq_max <= told_modseq_) continue;
            for (const MailboxEntry& entry : chunk.entries) {
                if (entry.modseq <= told_modseq_) continue;
                if (entry.uid > last_uid_) {
                    numbers_.add(entry.uid);
                    storage::add_uid(changes.arrived, entry.uid);
                    last_uid = entry.uid;
                } else if (numbers_.number_of(entry.uid) != 0) {
                    storage::add_uid(changes.changed, entry.uid);
                }
            }
        }
        last_uid_ = last_uid;
        told_modseq_ = modseq;
    }
    if (!untold_.empty())
        changes.changed = union_of(changes.changed, std::exchange(untold_, UidSet{}));
    changes.keywords = keyword_count_ != mailbox.keyword_count();
    keyword_count_ = mailbox.keyword_count();
    // A message never comes back: as many as there were are the same ones.
    if (with_expunged && numbers_.size() != mailbox.size())
        changes.expunged = find_expunged(mailbox);
    return changes;
}

UidSet SelectedMailbox::find_expunged(const MailboxView& mailbox) const {
    UidSet missing;
    for (const UidRange& range : numbers_.uids())
        find_missing(mailbox, range.first, range.last, missing);
    return missing;
}

void SelectedMailbox::tell_later(const UidSet& uids) {
    untold_ = union_of(untold_, uids);
}

void SelectedMailbox::forget(const UidSet& expunged) {
    numbers_.remove(expunged);
    // RFC 5182 §2.1: what is expunged goes from the saved result as well.
    saved_ = uids_without(saved_, expunged);
}

}  // namespace gatepost::dataplane
