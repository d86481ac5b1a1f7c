// The form of a manifest, numbers big-endian: version | CRC | size in 8 octets.
#include "storage/filter/filter_manifest.h"

#include "storage/base/crc32c.h"
#include "storage/filter/filter_image.h"

namespace gatepost::storage {

namespace {

constexpr uint8_t kManifestVersion = 1;

}  // namespace

std::string FilterManifest::chunk_key(size_t chunk) const {
    return fmt::format("chunk/{:08x}/{}", crc, chunk);
}

FilterManifest filter_manifest_of(Bytes image) {
    return {crc32c(image), image.size()};
}

std::vector<uint8_t> encode_filter_manifest(const FilterManifest& manifest) {
    std::vector<uint8_t> octets;
    ByteWriter out(octets);
    out.u8(kManifestVersion);
    out.u32(manifest.crc);
    out.u64(manifest.size);
    return octets;
}

Result<FilterManifest> decode_filter_manifest(Bytes value) {
    ByteReader in(value);
    const uint8_t version = in.u8();
    const uint32_t crc = in.u32();
    const uint64_t size = in.u64();
    if (!in.ok() || !in.at_end() || version != kManifestVersion || size > kFilterImageMax)
        return fail(ErrorCode::invalid,
                    "the manifest of the filter rules, of {} octets, is not one: the directory is "
                    "damaged",
                    value.size());
    return FilterManifest{crc, size};
}

Result<std::vector<uint8_t>> assemble_filter_image(const DirectoryView& view,
                                                   const FilterManifest& manifest) {
    std::vector<uint8_t> image;
    image.reserve(manifest.size);
    for (size_t chunk = 0; chunk < manifest.chunks(); ++chunk) {
        const auto entry = view.find(EntryKind::filter_database, manifest.chunk_key(chunk));
        if (!entry)
            return fail(ErrorCode::conflict, "chunk {} of {} of the filter rules is not there",
                        chunk + 1, manifest.chunks());
        image.insert(image.end(), entry->value.begin(), entry->value.end());
    }
    if (filter_manifest_of(image) != manifest)
        return fail(ErrorCode::invalid, "the filter rules of {} octets do not fit their checksum",
                    image.size());
    return image;
}

}  // namespace gatepost::storage
