// Which flags somebody may change in a mailbox.
#pragma once

#include <cstdint>

#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

// RFC 4314 §4; a sum of storage::MessageFlag. Keywords need kRightWrite.
inline uint8_t flags_allowed(uint16_t rights) {
    uint8_t flags = 0;
    if ((rights & storage::kRightSeen) != 0) flags |= storage::kFlagSeen;
    if ((rights & storage::kRightDeleteMessages) != 0) flags |= storage::kFlagDeleted;
    if ((rights & storage::kRightWrite) != 0)
        flags |= storage::kFlagAnswered | storage::kFlagFlagged | storage::kFlagDraft;
    return flags;
}

}  // namespace gatepost::dataplane
