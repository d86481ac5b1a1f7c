// ARP requests (RFC 826) for this host's IPv4 addresses.
#pragma once

#include "dataplane/net/ethernet.h"
#include "dataplane/net/host_addresses.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

// Turns a request into its reply, in place; false, and why, where none is due.
bool answer_arp(Frame& frame, const HostAddresses& host, EncodedFrame& reply, storage::Drop& why);

}  // namespace gatepost::dataplane
