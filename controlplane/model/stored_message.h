// Messages in mailboxes, and where a message is altogether.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/pg/connection.h"
#include "storage/base/error.h"
#include "storage/message_log/blob.h"

namespace gatepost::controlplane {

// Of messages.flags: what RFC 9051 §2.3.2 calls system flags.
enum MessageFlag : uint8_t {
    kSeen = 1,
    kAnswered = 2,
    kFlagged = 4,
    kDeleted = 8,
    kDraft = 16,
};
// "\Seen \Flagged"
std::string flags_text(unsigned flags);

struct StoredMessage {
    int64_t mailbox_id = 0;
    uint64_t uid = 0;
    std::string mailbox;  // its name
    std::string address;  // of the account
    std::string blob_id;
    storage::BodyLocation body;
    unsigned flags = 0;
    std::vector<std::string> keywords;
    std::string internal_date;     // RFC 3339, UTC, as the others
    int64_t internal_date_us = 0;  // the same; microseconds since 1970
    std::string save_date;
    std::string message_id;
    std::string subject;
    std::string sender;
};

// By UID, those behind `after`.
Result<std::vector<StoredMessage>> message_list(Connection& connection, int64_t mailbox_id,
                                                uint64_t after, size_t limit);
// The newest ones of it, the newest last.
Result<std::vector<StoredMessage>> message_list_newest(Connection& connection, int64_t mailbox_id,
                                                       size_t limit);
// Empty where there is none.
Result<std::vector<StoredMessage>> message_by_uid(Connection& connection, int64_t mailbox_id,
                                                  uint64_t uid);
// Every copy of it in any mailbox.
Result<std::vector<StoredMessage>> message_by_blob(Connection& connection,
                                                   const std::string& blob_id);

// Something that is known of a message.
struct MessageTrace {
    std::string what;  // "mailbox", "expunged", "outbound", "undeliverable"
    std::string blob_id;
    std::string at;         // RFC 3339, UTC
    std::string recipient;  // an address; "": unknown (a deleted account)
    std::string state;      // of a mailbox, its name and UID; of outbound, its state; the reason
    std::string detail;
    storage::BodyLocation body;  // size 0: nothing is known
};
// By blob id, by the number of a row of outbound (a decimal number), or by Message-ID, with or
// without <>. Oldest first.
Result<std::vector<MessageTrace>> message_trace(Connection& connection, const std::string& name);

}  // namespace gatepost::controlplane
