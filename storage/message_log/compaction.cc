#include "storage/message_log/compaction.h"

#include <algorithm>

namespace gatepost::storage {

CompactionPlan plan_compaction(std::span<const SegmentLoad> segments,
                               const CompactionOptions& options) {
    CompactionPlan plan;
    std::vector<SegmentLoad> candidates;
    for (const SegmentLoad& segment : segments) {
        if (segment.name.number >= options.floor) continue;
        if (segment.live == 0) {
            plan.remove.push_back(segment.name);
            plan.freed += segment.size;
        } else if (segment.name.kind == SegmentKind::log &&
                   segment.live * 100 <= segment.size * options.live_percent_max) {
            candidates.push_back(segment);
        }
    }
    // What frees most for each octet that is copied comes first.
    std::ranges::sort(candidates, [](const SegmentLoad& a, const SegmentLoad& b) {
        // At most 2^60: see kSegmentOctetsMax.
        const uint64_t left = a.live * b.size;
        const uint64_t right = b.live * a.size;
        return left != right ? left < right : a.name.number < b.name.number;
    });
    uint64_t copied = 0;
    for (const SegmentLoad& segment : candidates) {
        if (copied + segment.live > options.copy_max) break;
        copied += segment.live;
        plan.copy.push_back(segment.name.number);
        plan.freed += segment.size - segment.live;
    }
    return plan;
}

}  // namespace gatepost::storage
