// Neighbor solicitations (RFC 4861 §4.3) for this host's IPv6 addresses.
#pragma once

#include "dataplane/net/ethernet.h"
#include "dataplane/net/host_addresses.h"
#include "dataplane/net/ip_header.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

inline constexpr uint8_t kNeighborSolicitation = 135;  // the ICMPv6 type

// Turns a solicitation into the advertisement that answers it, in the same buffer; false, and why,
// where none is due. No address has been checked yet: solicitations come by multicast.
bool answer_neighbor(Frame& frame, const IpHeader& ip, const HostAddresses& host,
                     EncodedFrame& reply, storage::Drop& why);

}  // namespace gatepost::dataplane
