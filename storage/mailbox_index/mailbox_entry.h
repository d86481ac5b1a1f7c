// A message in a mailbox, as the index has it.
#pragma once

#include <cstdint>

#include "storage/arena/arena_header.h"
#include "storage/message_log/blob.h"

namespace gatepost::storage {

// As gatepost.messages.flags has them.
enum MessageFlag : uint8_t {
    kFlagSeen = 1,
    kFlagAnswered = 2,
    kFlagFlagged = 4,
    kFlagDeleted = 8,
    kFlagDraft = 16,
};
inline constexpr uint8_t kAllFlags = 31;

// Keywords of a mailbox: bits of MailboxEntry::keywords. More are refused (RFC 9051 §7.1, LIMIT).
inline constexpr size_t kKeywordsMax = 64;

// Never changed once it is published: a change makes another chunk.
struct MailboxEntry {
    uint64_t modseq = 0;
    uint64_t keywords = 0;        // bit n: keyword n of the mailbox
    int64_t internal_date_s = 0;  // seconds since 1970
    int64_t save_date_s = 0;      // seconds since 1970 (RFC 8514)
    BlobId blob;
    uint64_t offset = 0;  // of the body in its segment
    uint32_t segment = 0;
    uint32_t uid = 0;
    uint32_t size = 0;          // octets (RFC822.SIZE)
    Ref summary = 0;            // of encoded octets; 0: none, or not loaded yet
    uint32_t summary_size = 0;  // octets, also while they are not loaded; 0: there is none
    uint8_t flags = 0;          // a sum of MessageFlag
    uint8_t unused[3] = {};

    BodyLocation location() const { return {segment, offset, size}; }
    bool has_summary_to_load() const { return summary == 0 && summary_size != 0; }
};
static_assert(sizeof(MailboxEntry) == 80);

}  // namespace gatepost::storage
