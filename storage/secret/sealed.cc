#include "storage/secret/sealed.h"

#include <algorithm>

namespace gatepost::storage {

namespace {

constexpr std::string_view kMagic = "GPS1";

}  // namespace

Result<SealedParts> parse_sealed(Bytes octets) {
    if (octets.size() < kSealedHeaderSize + kSealingTagSize)
        return fail(ErrorCode::invalid, "a sealed secret has at least {} octets, not {}",
                    kSealedHeaderSize + kSealingTagSize, octets.size());
    if (!std::equal(kMagic.begin(), kMagic.end(), octets.begin()))
        return fail(ErrorCode::invalid,
                    "a sealed secret begins with {}; this one was not sealed by Gatepost", kMagic);
    SealedParts parts;
    parts.header = octets.first(kSealedHeaderSize);
    const Bytes id = octets.subspan(kMagic.size(), parts.key_id.size());
    std::copy(id.begin(), id.end(), parts.key_id.begin());
    parts.nonce = octets.subspan(kMagic.size() + id.size(), kSealingNonceSize);
    parts.ciphertext =
        octets.subspan(kSealedHeaderSize, octets.size() - kSealedHeaderSize - kSealingTagSize);
    parts.tag = octets.last(kSealingTagSize);
    return parts;
}

}  // namespace gatepost::storage
