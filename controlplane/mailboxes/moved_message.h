// A message whose body lies elsewhere now.
#pragma once

#include <cstdint>

namespace gatepost::controlplane {

struct MovedMessage {
    uint64_t mailbox_id = 0;
    uint32_t uid = 0;
    // Of its body: the segment, and the octets from its beginning on.
    uint32_t from_segment = 0;
    uint32_t from_offset = 0;
    uint32_t to_segment = 0;
    uint32_t to_offset = 0;
};

}  // namespace gatepost::controlplane
