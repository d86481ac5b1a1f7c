#include "storage/zone_index/image.h"

#include "storage/arena/arena_header.h"
#include "storage/base/crc32c.h"
#include "storage/zone_index/layout.h"

namespace gatepost::storage {

namespace {

Status check_header(const Segment& segment, std::string_view what) {
    if (segment.size() < kArenaHeaderSize)
        return fail(ErrorCode::invalid, "{} is cut short: {} octets", what, segment.size());
    const auto* header = reinterpret_cast<const ArenaHeader*>(segment.data());
    if (header->magic != kArenaMagic)
        return fail(ErrorCode::invalid, "{} is not a Gatepost index image", what);
    if (header->format_version != kArenaFormatVersion)
        return fail(ErrorCode::invalid,
                    "{} has format version {}, this program reads version {}: it is rebuilt from "
                    "PostgreSQL",
                    what, header->format_version, kArenaFormatVersion);
    return {};
}

}  // namespace

Result<Image> Image::map(UniqueFd fd) {
    auto segment = Segment::map_readonly(std::move(fd));
    if (!segment) return tl::unexpected(segment.error());
    if (Status ok = check_header(*segment, "the arena handed over"); !ok)
        return tl::unexpected(ok.error());
    Image image;
    image.segment_ = std::move(*segment);
    return image;
}

Result<Image> Image::load_checkpoint(const std::string& path) {
    auto segment = Segment::map_file(path);
    if (!segment) return tl::unexpected(segment.error());
    std::string what = fmt::format("checkpoint '{}'", path);
    if (Status ok = check_header(*segment, what); !ok) return tl::unexpected(ok.error());
    const auto* header = reinterpret_cast<const ArenaHeader*>(segment->data());
    if (header->image_length != segment->size())
        return fail(ErrorCode::invalid,
                    "{} has {} octets, its header says {}: it is rebuilt from PostgreSQL", what,
                    segment->size(), header->image_length);
    Bytes octets(segment->data(), segment->size());
    constexpr size_t kChecksumAt = offsetof(ArenaHeader, checksum);
    const uint8_t zero[sizeof header->checksum] = {};
    uint32_t crc = crc32c(octets.first(kChecksumAt));
    crc = crc32c(zero, crc);
    crc = crc32c(octets.subspan(kChecksumAt + sizeof zero), crc);
    if (crc != header->checksum)
        return fail(
            ErrorCode::invalid,
            "{} is damaged (CRC-32C {:08x}, expected {:08x}): it is rebuilt from PostgreSQL", what,
            crc, header->checksum);
    Image image;
    image.segment_ = std::move(*segment);
    image.from_checkpoint_ = true;
    return image;
}

const ArenaHeader* Image::header() const {
    return reinterpret_cast<const ArenaHeader*>(segment_.data());
}

ImageInfo Image::info() const {
    const ArenaHeader* h = header();
    return {.generation = h->generation,
            .version = h->version.load(std::memory_order_acquire),
            .origin = {h->commit_lsn.load(std::memory_order_relaxed),
                       h->commit_time_us.load(std::memory_order_relaxed)},
            .published_time_us = h->published_time_us.load(std::memory_order_relaxed),
            .zones = h->zone_count.load(std::memory_order_relaxed),
            .names = h->name_count.load(std::memory_order_relaxed),
            .from_checkpoint = from_checkpoint_};
}

}  // namespace gatepost::storage
