// A read-only mapping of a directory arena, with its header checked: what readers work from.
#pragma once

#include <cstdint>
#include <string>

#include "storage/arena/arena_origin.h"
#include "storage/arena/qsbr.h"
#include "storage/arena/segment.h"
#include "storage/base/error.h"
#include "storage/directory/directory_view.h"

namespace gatepost::storage {

struct DirectoryImageInfo {
    uint64_t generation = 0;
    uint64_t version = 0;
    ArenaOrigin origin;
    int64_t published_time_us = 0;  // of the last publication, microseconds since 1970
    uint64_t entries = 0;
    bool from_checkpoint = false;
};

class DirectoryImage {
  public:
    // A live arena handed over by its writer.
    static Result<DirectoryImage> map(UniqueFd fd);
    // A checkpoint: magic, format version, length and checksum are verified; a file that fails is
    // refused with the reason (ErrorCode::invalid), never half used.
    static Result<DirectoryImage> load_checkpoint(const std::string& path);

    DirectoryView view() const { return DirectoryView(segment_.data()); }
    DirectoryImageInfo info() const;

  private:
    Segment segment_;
    bool from_checkpoint_ = false;
};

// Writes a compact copy of `source` to `path`, as write_image_file does. May run in any thread
// beside the writer: it reads as QSBR reader `reader`. Each entry is in it as it was at some moment
// of the copy, and nothing is older than what had been published before. Gives the octets written.
Result<uint64_t> write_directory_checkpoint(const Segment& source, Qsbr& qsbr, QsbrReader& reader,
                                            const std::string& path);

}  // namespace gatepost::storage
