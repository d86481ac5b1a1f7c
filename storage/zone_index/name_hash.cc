#include "storage/zone_index/name_hash.h"

namespace gatepost::storage {

void HashedName::assign(DnameView name, const HashSecret& secret) {
    uint8_t padded[sizeof octets] = {};
    std::memcpy(padded, name.data(), name.length());
    lower_copy(octets, padded, name.length());
    length = static_cast<uint8_t>(name.length());
    index_labels();
    hash(secret);
}

}  // namespace gatepost::storage
