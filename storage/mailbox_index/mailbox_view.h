// The arena of mailboxes for readers: per account the list of its mailboxes, per mailbox its state
// and its messages in the order of their UIDs.
//
// Readers neither lock nor wait; they are online QSBR readers while they hold anything that a view
// gave: in a worker, until the next co_await. What a view shows is one state of a mailbox: what a
// transaction changed in it is there as a whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "storage/base/bytes.h"
#include "storage/mailbox_index/mailbox_entry.h"

namespace gatepost::storage {

// RFC 6154 §2 and RFC 9051 §7.3.1.
enum class SpecialUse : uint8_t { none, all, archive, drafts, flagged, junk, sent, trash };

// Rights of RFC 4314 §2.1, a set.
enum MailboxRight : uint16_t {
    kRightLookup = 1,            // l
    kRightRead = 2,              // r
    kRightSeen = 4,              // s
    kRightWrite = 8,             // w
    kRightInsert = 16,           // i
    kRightPost = 32,             // p
    kRightCreate = 64,           // k
    kRightDeleteMailbox = 128,   // x
    kRightDeleteMessages = 256,  // t
    kRightExpunge = 512,         // e
    kRightAdminister = 1024,     // a
};
inline constexpr uint16_t kAllRights = 2047;

// A mailbox as an account sees it.
struct MailboxListing {
    uint64_t mailbox_id = 0;  // 0: subscribed to, and not there (\NonExistent)
    uint64_t owner_id = 0;    // another account's where it is shared
    // UTF-8, "/" between the levels. Those of others begin with kOthersPrefix and the owner's
    // address: "Other Users/bob@example.org/INBOX".
    std::string_view name;
    SpecialUse special_use = SpecialUse::none;
    bool subscribed = false;
    uint16_t rights = kAllRights;  // of the account that sees it
};
inline constexpr std::string_view kOthersPrefix = "Other Users/";

// The mailboxes of an account, in the order of the octets of their names.
class AccountView {
  public:
    explicit AccountView(const uint8_t* base, const uint8_t* record)
        : base_(base), record_(record) {}

    uint64_t account_id() const;
    uint64_t serial() const;  // another one: the list has changed
    size_t size() const;
    MailboxListing at(size_t index) const;
    // "inbox" in any case is INBOX.
    std::optional<MailboxListing> find(std::string_view name) const;
    std::optional<MailboxListing> find(uint64_t mailbox_id) const;

  private:
    const uint8_t* base_;
    const uint8_t* record_;
};

// What STATUS tells (RFC 9051 §6.3.11).
struct MailboxStatus {
    uint64_t mailbox_id = 0;
    uint64_t account_id = 0;  // of its owner
    uint32_t uid_validity = 0;
    uint64_t uid_next = 0;  // up to 2^32
    uint64_t highest_modseq = 0;
    uint64_t messages = 0;
    uint64_t unseen = 0;
    uint64_t deleted = 0;
    uint64_t octets = 0;
};

// Consecutive messages; at least one.
struct MailboxChunk {
    std::span<const MailboxEntry> entries;
    uint64_t modseq_max = 0;  // of the entries
};

class MailboxView {
  public:
    MailboxView(const uint8_t* base, const uint8_t* record) : base_(base), record_(record) {}

    MailboxStatus status() const;
    // False: only the status is there.
    bool has_messages() const;
    // The last change that took a message away; what is to be known of a mailbox that was seen at
    // that modseq or later is in the entries alone.
    uint64_t expunge_modseq() const;

    size_t size() const;  // messages
    size_t chunk_count() const;
    MailboxChunk chunk(size_t index) const;
    // nullptr: no such message.
    const MailboxEntry* find(uint32_t uid) const;
    // Of the first message whose UID is not below that one, in the order of the messages; size()
    // where there is none.
    size_t lower_bound(uint32_t uid) const;
    const MailboxEntry& at(size_t index) const;

    size_t keyword_count() const;
    std::string_view keyword(size_t bit) const;
    std::optional<size_t> find_keyword(
        std::string_view name) const;  // in any case (RFC 9051 §2.3.2)

    // Empty: there is none, or it is not loaded yet.
    Bytes summary(const MailboxEntry& entry) const;

  private:
    const uint8_t* base_;
    const uint8_t* record_;
};

// Of a mapped arena whose header has been checked (MailboxIndexImage).
class MailboxIndexView {
  public:
    explicit MailboxIndexView(const uint8_t* base) : base_(base) {}

    // nullopt: not resident: ask for it.
    std::optional<AccountView> account(uint64_t account_id) const;
    std::optional<MailboxView> mailbox(uint64_t mailbox_id) const;

  private:
    const uint8_t* base_;
};

}  // namespace gatepost::storage
