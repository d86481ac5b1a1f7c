// How a filter image lies in the directory: in chunks, as no entry is as large. The manifest says
// which chunks; it is put behind them, and they stay until it is replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/directory/directory_view.h"

namespace gatepost::storage {

// Keys of EntryKind::filter_database.
inline constexpr std::string_view kFilterManifestKey = "manifest";
// Octets of a chunk: half of what an entry may have.
inline constexpr size_t kFilterChunkMax = size_t{512} << 10;

struct FilterManifest {
    uint32_t crc = 0;   // CRC-32C of the image
    uint64_t size = 0;  // octets of the image

    size_t chunks() const { return (size + kFilterChunkMax - 1) / kFilterChunkMax; }
    // "chunk/89abcdef/0": two images have chunks side by side while one replaces the other.
    std::string chunk_key(size_t chunk) const;

    bool operator==(const FilterManifest&) const = default;
};

FilterManifest filter_manifest_of(Bytes image);
std::vector<uint8_t> encode_filter_manifest(const FilterManifest& manifest);
// Refuses (invalid) what is none, or of an image that is too large.
Result<FilterManifest> decode_filter_manifest(Bytes value);

// The image, put together. An error of code conflict: a chunk is gone, as another manifest has
// come; invalid: it is damaged. The caller is online (DirectoryView).
Result<std::vector<uint8_t>> assemble_filter_image(const DirectoryView& view,
                                                   const FilterManifest& manifest);

}  // namespace gatepost::storage
