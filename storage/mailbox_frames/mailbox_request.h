// What a worker asks of the mailboxes: to have them in the index, and to change them. A change is
// answered when PostgreSQL has committed it and the index shows it.
//
// The worker has checked that the account may do it; ids are of the database.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "storage/mailbox_frames/uid_set.h"
#include "storage/mailbox_index/mailbox_view.h"
#include "storage/message_log/blob.h"

namespace gatepost::storage {

// ---- to have it in the index

// The account's list, with the status of each mailbox in it.
struct OpenAccount {
    uint64_t account_id = 0;
};
// The messages of a mailbox.
struct OpenMailbox {
    uint64_t mailbox_id = 0;
};
// Summaries of messages that have some to load.
struct LoadSummaries {
    uint64_t mailbox_id = 0;
    uint32_t first_uid = 0;
    uint32_t last_uid = 0;
};
// Which messages are gone (RFC 7162 §3.2.5.1). Reply: `uids`, of `known` where that is not empty.
struct FindExpunged {
    uint64_t mailbox_id = 0;
    uint64_t since_modseq = 0;
    UidSet known = {};
};

// ---- messages

enum class FlagAction : uint8_t { add, remove, replace };

// STORE. Reply: `modseq`; `modified`: those that were left as they are because of
// `unchanged_since` (RFC 7162 §3.1.3).
struct StoreFlags {
    uint64_t mailbox_id = 0;
    UidSet uids = {};
    FlagAction action = FlagAction::add;
    uint8_t flags = 0;  // a sum of MessageFlag
    std::vector<std::string> keywords = {};
    std::optional<uint64_t> unchanged_since = {};
};

// Takes messages away, those with \Deleted alone where `deleted_only`. Reply: `uids`, `modseq`.
struct ExpungeMessages {
    uint64_t mailbox_id = 0;
    UidSet uids = {};  // empty: all
    bool deleted_only = true;
};

// COPY and MOVE, as a whole or not at all. Reply: `uid_validity` of the target, `source_uids` and
// `uids`: which became which, in the same order.
struct CopyMessages {
    uint64_t mailbox_id = 0;
    UidSet uids = {};
    uint64_t target_id = 0;
    bool move = false;
    // What goes along; a right may be missing for the rest (RFC 4314 §4).
    uint8_t flags_kept = kAllFlags;
    bool keywords_kept = true;
};

// Of a message that is in the message log already.
struct AppendedMessage {
    BlobId blob = {};
    BodyLocation body = {};
    uint8_t flags = 0;
    std::vector<std::string> keywords = {};
    int64_t internal_date_us = 0;  // microseconds since 1970
    std::vector<uint8_t> summary = {};
    std::string message_id = {};
    std::string subject = {};
    std::string from = {};
};
// APPEND with MULTIAPPEND (RFC 3502: as a whole or not at all), and REPLACE (RFC 8508). Reply:
// `uid_validity`, `uids`.
struct AppendMessages {
    uint64_t mailbox_id = 0;
    std::vector<AppendedMessage> messages = {};
    uint64_t replaced_mailbox_id = 0;  // 0: nothing is replaced
    uint32_t replaced_uid = 0;
};

// ---- mailboxes. Reply: `mailbox_id`.

struct CreateMailbox {
    uint64_t account_id = 0;  // the owner
    std::string name = {};
    SpecialUse special_use = SpecialUse::none;
};
struct DeleteMailbox {
    uint64_t mailbox_id = 0;
};
// With the mailboxes below it. INBOX: its messages go into a new mailbox (RFC 9051 §6.3.6).
struct RenameMailbox {
    uint64_t mailbox_id = 0;  // 0: `name` is no mailbox itself, but has some below it
    uint64_t account_id = 0;  // the owner
    std::string name = {};
    std::string new_name = {};
};
struct SubscribeMailbox {
    uint64_t account_id = 0;  // who subscribes
    std::string name = {};    // as that account sees it
    bool subscribed = true;
};

// ---- beside the messages

// RFC 5464: the values of entries; `mailbox_id` 0: of the account. Reply: `values`, names and
// values of those that are there.
struct GetMetadata {
    uint64_t account_id = 0;
    uint64_t mailbox_id = 0;
    std::vector<std::string> entries = {};  // in lower case
    uint32_t depth = 0;                     // levels below them; UINT32_MAX: all
};
struct SetMetadata {
    uint64_t account_id = 0;
    uint64_t mailbox_id = 0;
    std::vector<std::pair<std::string, std::optional<std::string>>> entries =
        {};  // nullopt: removed
};
// RFC 4314. Reply: `values`, identifiers and their rights' letters.
struct GetAcl {
    uint64_t mailbox_id = 0;
};
struct SetAcl {
    uint64_t mailbox_id = 0;
    std::string identifier = {};  // an address of an account, or "anyone"
    FlagAction action = FlagAction::replace;
    uint16_t rights = 0;  // a sum of MailboxRight; none with `replace`: the entry goes
};
// RFC 9208. Reply: `numbers`: octets used, octets allowed, messages used, messages allowed; 0: no
// limit.
struct GetQuota {
    uint64_t account_id = 0;
};

// ---- RFC 4467 §2.2: the access key that an account has for a mailbox, its own or one shared with
// it; URLs of messages are signed with it. Reply: `mailbox_id`, `values`: kUrlMechanism and the
// key. Who has taken a key out of a reply wipes it after use.
inline constexpr std::string_view kUrlMechanism = "INTERNAL";
inline constexpr size_t kUrlKeyOctets = 32;

// One is made where there is none.
struct MakeUrlKey {
    uint64_t account_id = 0;
    uint64_t mailbox_id = 0;
};
// Of what a URL names. `not_found`: there is no such account or mailbox, the account may not read
// it now, or has no key for it.
struct FindUrlKey {
    std::string owner = {};    // an account's address, in any case
    std::string mailbox = {};  // as that account sees it
};
// Another one takes its place, if there was one or not; of all mailboxes: they go. Reply: nothing.
struct ResetUrlKeys {
    uint64_t account_id = 0;
    uint64_t mailbox_id = 0;  // 0: all of the account's
};

using MailboxRequest =
    std::variant<OpenAccount, OpenMailbox, LoadSummaries, FindExpunged, StoreFlags, ExpungeMessages,
                 CopyMessages, AppendMessages, CreateMailbox, DeleteMailbox, RenameMailbox,
                 SubscribeMailbox, GetMetadata, SetMetadata, GetAcl, SetAcl, GetQuota, MakeUrlKey,
                 FindUrlKey, ResetUrlKeys>;

// Those that change nothing in the database: what became of one that was lost does not matter.
template <typename... Requests>
bool is_one_of(const MailboxRequest& request) {
    return (std::holds_alternative<Requests>(request) || ...);
}
inline bool only_reads(const MailboxRequest& request) {
    return is_one_of<OpenAccount, OpenMailbox, LoadSummaries, FindExpunged, GetMetadata, GetAcl,
                     GetQuota, FindUrlKey>(request);
}

}  // namespace gatepost::storage
