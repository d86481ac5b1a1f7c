// The messages of a mailbox as one session numbers them: sequence numbers stay until a command lets
// them change (RFC 9051 §7.5.1), whatever happens to the mailbox. Kept as ranges of UIDs: a mailbox
// without gaps takes one, however many messages it has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/imap_syntax/sequence_set.h"
#include "storage/mailbox_frames/uid_set.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

class MessageNumbers {
  public:
    MessageNumbers() = default;
    // Those of the mailbox as it is.
    explicit MessageNumbers(const storage::MailboxView& mailbox);

    uint32_t size() const { return size_; }
    // 1 … size().
    uint32_t uid_at(uint32_t number) const;
    // 0: it has none.
    uint32_t number_of(uint32_t uid) const;
    uint32_t last_uid() const;  // 0: there is no message

    // A message with a UID above all others.
    void add(uint32_t uid);
    // Gives the number that it had; those behind it move up. 0: it had none.
    // In time by the ranges: of many, have the numbers first, and take all away at once.
    uint32_t remove(uint32_t uid);
    void remove(const storage::UidSet& uids);

    // The UIDs in order, as ranges.
    storage::UidSet uids() const;
    // UIDs that a set of numbers, or of UIDs, means: those that are there. `bad`: it has a number
    // beyond the last one (RFC 9051 §6.4.5: BAD); UIDs that are not there are no error.
    // Takes time and memory by the set's ranges and the messages' ranges, not by the messages.
    storage::UidSet resolve(const SequenceSet& set, bool by_uid, const storage::UidSet& saved,
                            bool& bad) const;

  private:
    struct Run {
        uint32_t first_uid = 0;
        uint32_t first_number = 0;  // of first_uid
        uint32_t count = 0;
    };
    // Of UIDs, of numbers: the UIDs of those of them that are there. In order, touching nowhere.
    storage::UidSet present(const storage::UidSet& wanted) const;
    storage::UidSet numbered(const storage::UidSet& wanted) const;

    // In order; between two of them at least one UID is none.
    std::vector<Run> runs_;
    uint32_t size_ = 0;
};

}  // namespace gatepost::dataplane
