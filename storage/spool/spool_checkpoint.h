// A small file beside the segments, so that a start does not read all of them: no message that is
// to be delivered has its record or its body in a segment below `floor`, and every body in a
// segment of its own below it is committed. It is replaced as a whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"

namespace gatepost::storage {

constexpr std::string_view kSpoolCheckpointName = "spool.ckpt";
constexpr std::string_view kSpoolCheckpointNewName = "spool.ckpt.new";
constexpr size_t kSpoolCheckpointSize = 32;  // octets

struct SpoolCheckpoint {
    uint32_t floor = 0;
    // No segment has had this number or a higher one when it was written. Numbers are never used
    // twice: a body's place that somebody kept must not lead into another's.
    uint32_t next_number = 1;

    bool operator==(const SpoolCheckpoint&) const = default;
};

std::vector<uint8_t> encode_spool_checkpoint(const SpoolCheckpoint& checkpoint);
// Empty where it is damaged, or of a version that this program does not read.
std::optional<SpoolCheckpoint> decode_spool_checkpoint(Bytes octets);

}  // namespace gatepost::storage
