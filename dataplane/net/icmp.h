// Echo requests of ICMP (RFC 792) and ICMPv6 (RFC 4443 §4.1).
#pragma once

#include "dataplane/net/ethernet.h"
#include "dataplane/net/host_addresses.h"
#include "dataplane/net/ip_header.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

inline constexpr size_t kIcmpHeader = 8;  // octets, of an echo

// Turns a request into its reply, in place; false, and why, where none is due. The addresses have
// been checked.
bool answer_echo(Frame& frame, const IpHeader& ip, const HostAddresses& host, EncodedFrame& reply,
                 storage::Drop& why);

}  // namespace gatepost::dataplane
