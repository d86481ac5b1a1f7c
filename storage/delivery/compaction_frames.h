// What the control plane has the workers do with old segments: bodies that still count are copied
// (dataplane/store/compactor.h), and files that nothing refers to any more go.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "storage/delivery/frame.h"
#include "storage/message_log/compaction.h"

namespace gatepost::storage {

// Of one request: its frame, and that of the answer, stay below 2 MiB.
inline constexpr size_t kCopyBodiesMax = 50'000;
inline constexpr size_t kDropSegmentsMax = 100'000;  // of one frame

struct CopyBodies {
    struct Source {
        uint32_t segment = 0;
        std::vector<LiveBody> bodies;
    };

    uint64_t sequence = 0;  // comes back with the answer
    std::vector<Source> sources;
};

// Where a body was, and where it is now.
struct CopiedBody {
    uint32_t from_segment = 0;
    uint32_t from_offset = 0;
    uint32_t to_segment = 0;
    uint32_t to_offset = 0;

    bool operator==(const CopiedBody&) const = default;
};

struct BodiesCopied {
    uint64_t sequence = 0;
    std::string error;               // why nothing is; "": all are, durably
    bool is_source_bad = false;      // one of the sources is damaged, or not as was said
    std::vector<CopiedBody> bodies;  // in any order
};

struct DropSegments {
    // Of one worker, which takes the files away. All let go of their descriptors.
    bool removes = false;
    std::vector<SegmentName> segments;
};

// Each appends one frame; refuse (invalid) what is too long for one.
Status append_frame(std::vector<uint8_t>& out, const CopyBodies& request);
Status append_frame(std::vector<uint8_t>& out, const BodiesCopied& answer);
Status append_frame(std::vector<uint8_t>& out, const DropSegments& request);

// Of frames' payloads; refuse (invalid) what is cut off, too long or goes on behind its end.
Result<CopyBodies> decode_copy_bodies(Bytes payload);
Result<BodiesCopied> decode_bodies_copied(Bytes payload);
Result<DropSegments> decode_drop_segments(Bytes payload);

}  // namespace gatepost::storage
