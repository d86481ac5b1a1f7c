// What PostgreSQL knows about bodies: which ones count, and where they lie. Messages in mailboxes,
// mail for other systems that is not delivered, and mail whose account is gone refer to bodies.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "controlplane/commit/binary_params.h"
#include "controlplane/mailboxes/moved_message.h"
#include "controlplane/pg/result.h"
#include "storage/delivery/compaction_frames.h"
#include "storage/message_log/compaction.h"

namespace gatepost::controlplane {

// For the connection: messages that only get another place are the same state of their mailbox, so
// that the triggers for changes by hand (013_imap.sql) have nothing to do.
extern const std::string kCompactionSession;

struct SegmentUse {
    uint64_t bodies = 0;
    uint64_t octets = 0;  // of their records, were they copied
};

// By segment, of those below `floor`.
extern const std::string kSegmentUsesSql;
BinaryParams segment_uses_params(int32_t edge, uint32_t floor);
std::unordered_map<uint32_t, SegmentUse> segment_uses_of(const PgResult& rows);

struct BodyPlace {
    uint32_t segment = 0;
    uint64_t offset = 0;

    auto operator<=>(const BodyPlace&) const = default;
};

// Bodies in these segments by place, behind `after`, kCopyBodiesMax at most.
extern const std::string kLiveBodiesSql;
BinaryParams live_bodies_params(int32_t edge, std::span<const uint32_t> segments,
                                const BodyPlace& after);
std::vector<storage::CopyBodies::Source> live_bodies_of(const PgResult& rows);

struct BodyMove {
    storage::BlobId id;
    storage::CopiedBody place;
};

// Whoever refers to one of these bodies by its old place refers to it by its new one then. Locks
// the mailboxes' rows by id, as everybody does, so that no two wait for one another.
extern const std::string kMoveBodiesSql;
BinaryParams move_bodies_params(int32_t edge, std::span<const BodyMove> moves);
std::vector<MovedMessage> moved_messages_of(const PgResult& rows);

// The messages that lie where these bodies were moved to, whoever moved them and when.
extern const std::string kMovedMessagesSql;

// Which of these segments somebody refers to.
extern const std::string kReferredSql;
BinaryParams referred_params(int32_t edge, std::span<const uint32_t> segments);

// A transaction id above those of all others that have one by now. (A snapshot's xmax is not: it is
// above those that have ended.)
extern const std::string kHorizonSql;
// What is under way since before such a horizon, and may thus know old places: a row with words
// about it. No right to look at others' sessions is needed for that:
// - every transaction that has written something has an id, and pg_snapshot_xmin() knows the oldest
//   one that has not ended, whoever's it is, prepared ones (PREPARE TRANSACTION) among them;
// - one that has read alone may hold a snapshot from before, and write what it has read (REPEATABLE
//   READ), or be a pg_dump: its backend_xmin is shown to everybody.
extern const std::string kOlderTransactionsSql;
BinaryParams older_transactions_params(int64_t horizon);

// gatepost.prune_expunged (017_imap_upkeep.sql).
inline constexpr int32_t kPruneMax = 1000;  // rows of one transaction: some ten milliseconds
extern const std::string kPruneSql;
BinaryParams prune_params(std::chrono::milliseconds older_than);

}  // namespace gatepost::controlplane
