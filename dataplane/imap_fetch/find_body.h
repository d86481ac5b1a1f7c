// Where a body lies, of a message that is read while a compaction may move it.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/imap_port/mailbox_port.h"
#include "storage/message_log/blob.h"

namespace gatepost::dataplane {

// As it is now. nullopt: the message is gone, or its mailbox is not in the index.
inline std::optional<storage::BodyLocation> find_body(MailboxPort& mailboxes, uint64_t mailbox_id,
                                                      uint32_t uid_validity, uint32_t uid) {
    const auto index = mailboxes.index();
    const auto mailbox = index ? index->mailbox(mailbox_id) : std::nullopt;
    // With another UIDVALIDITY the UID is another message's.
    if (!mailbox || mailbox->status().uid_validity != uid_validity) return std::nullopt;
    const storage::MailboxEntry* entry = mailbox->find(uid);
    if (entry == nullptr) return std::nullopt;
    return entry->location();
}

}  // namespace gatepost::dataplane
