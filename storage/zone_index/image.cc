#include "storage/zone_index/image.h"

#include "storage/arena/arena_header.h"
#include "storage/arena/image_file.h"
#include "storage/zone_index/layout.h"

namespace gatepost::storage {

namespace {

constexpr ImageKind kKind{kArenaMagic, kArenaFormatVersion, kArenaHeaderSize};

// What checks of an image look at stands where it does in every arena.
static_assert(offsetof(ArenaHeader, magic) == offsetof(ImagePreamble, magic));
static_assert(offsetof(ArenaHeader, format_version) == offsetof(ImagePreamble, format_version));
static_assert(offsetof(ArenaHeader, checksum) == offsetof(ImagePreamble, checksum));
static_assert(offsetof(ArenaHeader, image_length) == offsetof(ImagePreamble, image_length));
static_assert(offsetof(ArenaHeader, generation) == offsetof(ImagePreamble, generation));

}  // namespace

Result<Image> Image::map(UniqueFd fd) {
    auto segment = Segment::map_readonly(std::move(fd));
    if (!segment) return tl::unexpected(segment.error());
    if (Status ok = check_preamble(*segment, kKind, "the arena handed over"); !ok)
        return tl::unexpected(ok.error());
    Image image;
    image.segment_ = std::move(*segment);
    return image;
}

Result<Image> Image::load_checkpoint(const std::string& path) {
    auto segment = Segment::map_file(path);
    if (!segment) return tl::unexpected(segment.error());
    if (Status ok = check_image_file(*segment, kKind, fmt::format("checkpoint '{}'", path)); !ok)
        return tl::unexpected(ok.error());
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
