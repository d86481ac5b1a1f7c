#include "storage/spool/spool_checkpoint.h"

#include <algorithm>
#include <array>

#include "storage/base/crc32c.h"

namespace gatepost::storage {

namespace {

constexpr std::array<uint8_t, 8> kMagic = {'G', 'P', 'S', 'P', 'O', 'O', 'L', '\n'};
constexpr uint32_t kCheckpointVersion = 1;
constexpr size_t kChecked = kSpoolCheckpointSize - 4;  // octets before the checksum

}  // namespace

std::vector<uint8_t> encode_spool_checkpoint(const SpoolCheckpoint& checkpoint) {
    std::vector<uint8_t> octets;
    ByteWriter out(octets);
    out.bytes(kMagic);
    out.u32(kCheckpointVersion);
    out.u32(checkpoint.floor);
    out.u32(checkpoint.next_number);
    out.u64(0);
    out.u32(crc32c(octets));
    return octets;
}

std::optional<SpoolCheckpoint> decode_spool_checkpoint(Bytes octets) {
    if (octets.size() != kSpoolCheckpointSize) return std::nullopt;
    ByteReader in(octets);
    if (!std::ranges::equal(in.bytes(kMagic.size()), kMagic) || in.u32() != kCheckpointVersion)
        return std::nullopt;
    SpoolCheckpoint checkpoint;
    checkpoint.floor = in.u32();
    checkpoint.next_number = in.u32();
    in.u64();
    if (in.u32() != crc32c(octets.first(kChecked))) return std::nullopt;
    return checkpoint;
}

}  // namespace gatepost::storage
