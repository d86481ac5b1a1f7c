#include "dataplane/dns/target_name.h"

#include <cstring>

#include "storage/base/bytes.h"
#include "storage/zone/rrtype.h"

namespace gatepost::dataplane {

using storage::RRType;

uint16_t target_offset(uint16_t type) {
    switch (RRType{type}) {
        case RRType::MX:
        case RRType::AFSDB:
        case RRType::SVCB:
        case RRType::HTTPS:
            return 2;
        case RRType::SRV:
            return 6;
        default:
            return 0;
    }
}

void expand_target(const storage::Node& owner, const uint8_t* octets, storage::HashedName& name) {
    size_t own = 0;
    while (octets[own] != 0 && octets[own] < 0xc0) own += size_t{octets[own]} + 1;
    if (octets[own] == 0) {
        ++own;
        storage::lower_copy(name.octets, octets, own);
        name.length = static_cast<uint8_t>(own);
    } else {
        storage::lower_copy(name.octets, octets, own);
        size_t into = (load_be16(octets + own) & 0x3fffu) - storage::kQuestionOffset;
        size_t shared = owner.name_length - into;
        std::memcpy(name.octets + own, owner.name() + into, shared);
        name.length = static_cast<uint8_t>(own + shared);
    }
    name.index_labels();
}

}  // namespace gatepost::dataplane
