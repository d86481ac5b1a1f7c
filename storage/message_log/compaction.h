// Which segments are worth copying together: nothing is ever overwritten, so that room comes back
// only when what still counts has moved elsewhere and a file is removed.
//
// Who knows what counts (PostgreSQL) gives the load of each segment; the bodies are then moved by
// dataplane/store/compactor.h.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/message_log/blob.h"
#include "storage/message_log/segment_header.h"

namespace gatepost::storage {

struct SegmentLoad {
    SegmentName name;
    uint64_t size = 0;  // octets of the file
    uint64_t live = 0;  // octets of bodies in it that somebody's mailbox or queue refers to
};

struct CompactionOptions {
    // Segments from here on have undelivered messages, or may get some: never touched. The floor of
    // a checkpoint that is durable.
    uint32_t floor = 0;
    // A segment is copied when at most so much of it is live: at a half, a copied octet frees one.
    unsigned live_percent_max = 50;
    // Octets that one pass copies at most, so that it does not take the disk from the mail.
    uint64_t copy_max = uint64_t{256} << 20;
};

struct CompactionPlan {
    std::vector<SegmentName> remove;  // nothing in them is live
    std::vector<uint32_t> copy;       // logs, the emptiest first
    uint64_t freed = 0;               // octets, when all is done
};

CompactionPlan plan_compaction(std::span<const SegmentLoad> segments,
                               const CompactionOptions& options);

// A body that is to stay.
struct LiveBody {
    BlobId id;
    uint64_t offset = 0;  // in its segment
    uint64_t size = 0;    // octets
};

}  // namespace gatepost::storage
