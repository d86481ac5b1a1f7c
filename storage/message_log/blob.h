// A message's body: what it is called, and where it lies. The name never changes; the place does
// when segments are compacted, or another store takes the body over.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::storage {

// 128 bits in the form of a UUID of version 7 (RFC 9562 §5.7): names sort by the time of their
// making, so that an index over them grows at its end.
struct BlobId {
    uint64_t high = 0;
    uint64_t low = 0;

    auto operator<=>(const BlobId&) const = default;
    bool is_null() const { return high == 0 && low == 0; }
    std::string text() const;  // "0192f0c4-7b1e-7…"
};

std::optional<BlobId> parse_blob_id(std::string_view text);

// Where octets lie in the segments of this host.
struct BodyLocation {
    uint32_t segment = 0;  // number of the segment file
    uint64_t offset = 0;   // octets from the segment's beginning to the body's first
    uint64_t size = 0;     // octets of the body

    bool operator==(const BodyLocation&) const = default;
};

// Makes names. One per thread: names of two sources differ by their random parts.
class BlobIdSource {
  public:
    BlobIdSource();  // seeded by getrandom(2)
    // `now_ms`: milliseconds since 1970. Names of one source rise strictly.
    BlobId next(int64_t now_ms);

  private:
    uint64_t last_high_ = 0;
    uint64_t random_[2];  // a state of xoroshiro128++; names are no secrets
};

}  // namespace gatepost::storage
