// A read-only mapping of a zones arena, with its header checked: what readers work from.
#pragma once

#include <cstdint>
#include <string>

#include "storage/arena/segment.h"
#include "storage/base/error.h"
#include "storage/zone_index/writer.h"

namespace gatepost::storage {

struct ArenaHeader;

struct ImageInfo {
    uint64_t generation = 0;
    uint64_t version = 0;
    ArenaOrigin origin;
    int64_t published_time_us = 0;  // of the last publish, microseconds since 1970
    uint64_t zones = 0;
    uint64_t names = 0;
    bool from_checkpoint = false;
};

class Image {
  public:
    // A live arena handed over by its writer.
    static Result<Image> map(UniqueFd fd);
    // A checkpoint: magic, format version, length and checksum are verified; a file that fails is
    // refused with the reason (ErrorCode::invalid), never half used.
    static Result<Image> load_checkpoint(const std::string& path);

    const ArenaHeader* header() const;
    const uint8_t* base() const { return segment_.data(); }
    ImageInfo info() const;

  private:
    Segment segment_;
    bool from_checkpoint_ = false;
};

// Writes a consistent, compact copy of what is published in `source` to `path`: to a temporary file
// beside it, fsync, rename, fsync of the folder; mode 0600. May run in any thread beside the
// writer: it reads as QSBR reader `reader`. Gives the octets written.
Result<uint64_t> write_checkpoint(const Segment& source, Qsbr& qsbr, QsbrReader& reader,
                                  const std::string& path);

}  // namespace gatepost::storage
