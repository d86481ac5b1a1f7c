#include "storage/directory/directory_image.h"

#include "storage/directory/directory_copier.h"
#include "storage/directory/directory_header.h"

namespace gatepost::storage {

Result<DirectoryImage> DirectoryImage::map(UniqueFd fd) {
    auto segment = Segment::map_readonly(std::move(fd));
    if (!segment) return tl::unexpected(std::move(segment).error());
    if (Status ok = check_preamble(*segment, kDirectoryKind, "the directory handed over"); !ok)
        return tl::unexpected(std::move(ok).error());
    DirectoryImage image;
    image.segment_ = std::move(*segment);
    return image;
}

Result<DirectoryImage> DirectoryImage::load_checkpoint(const std::string& path) {
    auto segment = Segment::map_file(path);
    if (!segment) return tl::unexpected(std::move(segment).error());
    if (Status ok =
            check_image_file(*segment, kDirectoryKind, fmt::format("checkpoint '{}'", path));
        !ok)
        return tl::unexpected(std::move(ok).error());
    DirectoryImage image;
    image.segment_ = std::move(*segment);
    image.from_checkpoint_ = true;
    return image;
}

DirectoryImageInfo DirectoryImage::info() const {
    const auto* header = reinterpret_cast<const DirectoryHeader*>(segment_.data());
    return {.generation = header->image.generation,
            .version = header->version.load(std::memory_order_acquire),
            .origin = {header->commit_lsn.load(std::memory_order_relaxed),
                       header->commit_time_us.load(std::memory_order_relaxed)},
            .published_time_us = header->published_time_us.load(std::memory_order_relaxed),
            .entries = header->entry_count.load(std::memory_order_relaxed),
            .from_checkpoint = from_checkpoint_};
}

Result<uint64_t> write_directory_checkpoint(const Segment& source, Qsbr& qsbr, QsbrReader& reader,
                                            const std::string& path) {
    const OnlineReader online(reader, qsbr);
    const DirectoryCopier copier(source.data());
    Status ok =
        write_image_file(path, copier.size(), [&](uint8_t* target) { copier.copy_to(target); });
    if (!ok) return tl::unexpected(std::move(ok).error());
    return copier.size();
}

}  // namespace gatepost::storage
