// The messages of a mailbox one after the other: a step along a chunk is the next entry, where
// MailboxView::at() looks up the chunk anew.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

// Valid as long as the view is.
class MessageWalk {
  public:
    // Begins at the first message whose UID is not below that one.
    MessageWalk(const storage::MailboxView& mailbox, uint32_t uid) : mailbox_(mailbox) {
        seek(uid);
    }

    // nullptr: there is none any more.
    const storage::MailboxEntry* entry() const { return left_.empty() ? nullptr : left_.data(); }
    // entry() is one.
    void next() {
        left_ = left_.subspan(1);
        if (left_.empty() && ++chunk_ < mailbox_.chunk_count())
            left_ = mailbox_.chunk(chunk_).entries;
    }
    // Goes on to the first message whose UID is not below that one; never back.
    void seek(uint32_t uid) {
        if (!left_.empty() && left_.front().uid >= uid) return;
        size_t end = mailbox_.chunk_count();
        while (chunk_ < end) {
            const size_t middle = chunk_ + (end - chunk_) / 2;
            if (mailbox_.chunk(middle).entries.back().uid < uid)
                chunk_ = middle + 1;
            else
                end = middle;
        }
        left_ = {};
        if (chunk_ == mailbox_.chunk_count()) return;
        const auto entries = mailbox_.chunk(chunk_).entries;
        const auto first = std::ranges::lower_bound(entries, uid, {}, &storage::MailboxEntry::uid);
        left_ = entries.subspan(static_cast<size_t>(first - entries.begin()));
    }

  private:
    const storage::MailboxView mailbox_;
    std::span<const storage::MailboxEntry> left_;  // of the chunk
    size_t chunk_ = 0;
};

}  // namespace gatepost::dataplane
