// Images of arenas on disk, and what tells one kind of them from another: how each of them begins,
// the check of a whole file, and the way to write one such that a reader finds either the whole new
// one or the whole old one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "storage/arena/qsbr.h"
#include "storage/arena/segment.h"
#include "storage/base/error.h"

namespace gatepost::storage {

// The first octets of the header of every arena.
struct ImagePreamble {
    uint64_t magic;           // of the kind
    uint32_t format_version;  // of the kind
    uint32_t checksum;        // of a checkpoint: CRC-32C of all octets, taken with this field zero
    uint64_t image_length;    // of a checkpoint: octets; 0 in a live arena
    uint64_t generation;      // grows from arena to arena
};
static_assert(sizeof(ImagePreamble) == 32);

struct ImageKind {
    uint64_t magic;
    uint32_t format_version;
    size_t header_size;  // octets
};

// Refused (invalid) where that is no image of this kind and version. `what` it is, for the message.
Status check_preamble(const Segment& segment, const ImageKind& kind, std::string_view what);
// The same of a whole checkpoint, its length and its checksum as well.
Status check_image_file(const Segment& segment, const ImageKind& kind, std::string_view what);

// `fill` writes an image of `size` octets into zeroed memory; length and checksum are set behind
// it. To a temporary file beside `path`, fsync, rename, fsync of the folder; mode 0600.
Status write_image_file(const std::string& path, size_t size,
                        const std::function<void(uint8_t*)>& fill);

// A reader that is online for as long as this lives.
class OnlineReader {
  public:
    OnlineReader(QsbrReader& reader, Qsbr& qsbr) : reader_(reader) { reader_.online(qsbr.epoch); }
    ~OnlineReader() { reader_.offline(); }
    OnlineReader(const OnlineReader&) = delete;
    OnlineReader& operator=(const OnlineReader&) = delete;

  private:
    QsbrReader& reader_;
};

}  // namespace gatepost::storage
