#include "tools/load/imap/mailbox_model.h"

#include <algorithm>

namespace gatepost::tools {

namespace {

// Sorts by UID; gives how many UIDs are there more than once, and leaves one of each.
uint64_t sort_out(std::vector<MailboxModel::Message>& messages) {
    std::stable_sort(messages.begin(), messages.end(),
                     [](const auto& a, const auto& b) { return a.uid < b.uid; });
    const auto end = std::unique(messages.begin(), messages.end(),
                                 [](const auto& a, const auto& b) { return a.uid == b.uid; });
    const auto doubled = static_cast<uint64_t>(messages.end() - end);
    messages.erase(end, messages.end());
    return doubled;
}

}  // namespace

void MailboxDifferences::add(const MailboxDifferences& other) {
    messages += other.messages;
    missing += other.missing;
    unexpected += other.unexpected;
    wrong_flags += other.wrong_flags;
    doubled_uids += other.doubled_uids;
    uncertain += other.uncertain;
}

void MailboxModel::appended(std::optional<uint32_t> uid, uint8_t flags) {
    if (uid)
        messages_.push_back({*uid, flags, false});
    else
        ++without_uid_;
}

MailboxDifferences MailboxModel::compare(std::vector<Message> seen) {
    MailboxDifferences found;
    found.doubled_uids = sort_out(messages_) + sort_out(seen);
    found.messages = seen.size();
    uint64_t others = 0;
    auto is = seen.begin();
    for (const Message& wanted : messages_) {
        for (; is != seen.end() && is->uid < wanted.uid; ++is) ++others;
        if (is == seen.end() || is->uid != wanted.uid) {
            ++found.missing;
            continue;
        }
        if (wanted.uncertain)
            ++found.uncertain;
        else if (is->flags != wanted.flags)
            ++found.wrong_flags;
        ++is;
    }
    others += static_cast<uint64_t>(seen.end() - is);
    if (others < without_uid_) found.missing += without_uid_ - others;
    if (others > without_uid_ + maybe_) found.unexpected += others - without_uid_ - maybe_;
    return found;
}

}  // namespace gatepost::tools
