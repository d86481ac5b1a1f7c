#include "storage/zone_index/name_hash.h"

namespace gatepost::storage {

void HashedName::assign(DnameView name, const HashSecret& secret) {
    uint8_t padded[sizeof octets] = {};
    std::memcpy(padded, name.data(), name.length());
    lower_copy(octets, padded, name.length());
    length = static_cast<uint8_t>(name.length());
    labels = static_cast<uint8_t>(name.label_count());
    size_t depth = labels;
    for (size_t at = 0; octets[at] != 0; at += size_t{octets[at]} + 1)
        offsets[depth--] = static_cast<uint8_t>(at);
    offsets[0] = static_cast<uint8_t>(length - 1);
    hash(secret);
}

}  // namespace gatepost::storage
