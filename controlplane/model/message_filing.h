// Puts messages that were just delivered where an import wants them: another mailbox, another date,
// flags.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/model/mailbox.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct MessageFiling {
    std::string blob_id;
    unsigned flags = 0;                 // MessageFlag
    std::vector<std::string> keywords;  // without blanks
    std::optional<int64_t> date_us;     // INTERNALDATE, microseconds since 1970; nullopt: stays
};

// How many of the messages are in the account's mailboxes: delivery follows acceptance.
Result<size_t> delivered_count(Connection& connection, int64_t account_id,
                               std::span<const std::string> blob_ids);

// In one transaction: all of them get their flags and dates, and go to `mailbox` where they are
// not in it, with new UIDs in the order given. Gives how many were there to be filed.
Result<size_t> file_messages(Connection& connection, const Mailbox& mailbox,
                             std::span<const MessageFiling> messages);

// What an import compares to find out that a message is there already.
struct KnownMessage {
    std::string message_id;
    int64_t date_us = 0;
    uint64_t size = 0;  // octets, with the fields that its delivery put in front
};
Result<std::vector<KnownMessage>> known_messages(Connection& connection, int64_t mailbox_id);

}  // namespace gatepost::controlplane
