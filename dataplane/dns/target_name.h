// The name inside precompiled record data, which may end in a pointer into its owner.
#pragma once

#include <cstdint>

#include "storage/zone_index/layout.h"
#include "storage/zone_index/name_hash.h"

namespace gatepost::dataplane {

// Where the name begins in RDATA of that type, for the types whose target is looked up.
uint16_t target_offset(uint16_t type);

// Expands the name at `octets`, inside data of `owner`, lower-cased; hashes are not computed. Read
// from the index rather than from the message: what was just written there is not yet out of the
// store buffer.
void expand_target(const storage::Node& owner, const uint8_t* octets, storage::HashedName& name);

}  // namespace gatepost::dataplane
