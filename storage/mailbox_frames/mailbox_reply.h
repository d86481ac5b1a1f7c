// What the control plane answers to a MailboxRequest, and what it says unasked.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "storage/mailbox_frames/uid_set.h"

namespace gatepost::storage {

enum class MailboxOutcome : uint8_t {
    ok,
    not_found,    // the account or mailbox is gone: [NONEXISTENT]
    exists,       // [ALREADYEXISTS]
    over_quota,   // [OVERQUOTA]
    limit,        // more keywords, mailboxes … than there may be: [LIMIT]
    in_use,       // a special use that another mailbox has: [USEATTR]
    cannot,       // a name or a change that is not allowed: [CANNOT]
    too_large,    // of metadata: [METADATA MAXSIZE]
    conflict,     // somebody was faster: [EXPUNGEISSUED] and the like; nothing was done
    unavailable,  // the database is away: [UNAVAILABLE]; nothing was done
    unknown,      // of a change: nobody can say whether it was done; only a look at it tells
};

struct MailboxReply {
    uint64_t sequence = 0;
    MailboxOutcome outcome = MailboxOutcome::ok;
    std::string text = {};  // for people, where it is not ok
    uint64_t mailbox_id = 0;
    uint32_t uid_validity = 0;
    uint64_t modseq = 0;
    UidSet uids = {};  // of COPY and APPEND ranges in their own order: they need not ascend
    UidSet source_uids = {};
    UidSet modified = {};
    std::vector<std::pair<std::string, std::string>> values = {};
    std::vector<uint64_t> numbers = {};

    bool ok() const { return outcome == MailboxOutcome::ok; }
    bool operator==(const MailboxReply&) const = default;
};

// Said to all workers.
struct MailboxEvent {
    enum class Kind : uint8_t {
        changed = 1,        // the mailbox is not as it was: the index shows it
        account = 2,        // the list of the account's mailboxes is not as it was
        disconnect = 3,     // the account's connections are to be closed: `reason`
        list_sessions = 4,  // the worker is to say who is connected (SessionNote), number `number`
    };
    Kind kind = Kind::changed;
    uint64_t account_id = 0;
    uint64_t mailbox_id = 0;
    uint64_t number = 0;
    std::string reason = {};

    bool operator==(const MailboxEvent&) const = default;
};

// A connection of somebody who has logged in, as a worker tells it: the answer to list_sessions.
struct SessionNote {
    uint64_t number = 0;      // of the question
    uint64_t session_id = 0;  // 0: this worker has told all
    uint64_t account_id = 0;
    std::string service = {};  // "imap"
    std::string user = {};     // the account's address
    std::string client = {};   // address of the host
    std::string what = {};     // "idle in INBOX"
    int64_t since_s = 0;       // seconds since 1970
    bool tls = false;

    bool operator==(const SessionNote&) const = default;
};
using MailboxNote = SessionNote;

}  // namespace gatepost::storage
