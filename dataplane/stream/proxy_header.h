// The PROXY protocol, version 2: what a trusted proxy sends first, to say who the client is
// (https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt, section 2.2). Version 1 is text and
// is refused.
#pragma once

#include <cstdint>

#include "dataplane/stream/stream_session.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

inline constexpr size_t kProxyHeaderFixed = 16;  // octets; the rest's length is in them
// The specification guarantees that senders keep to 536 octets with addresses and TLVs; unix
// addresses and long certificates' TLVs need more, and nobody needs this much.
inline constexpr size_t kProxyHeaderMax = 4096;

struct ProxyHeader {
    enum class Outcome : uint8_t { proxied, local, incomplete, broken };
    Outcome outcome = Outcome::broken;
    size_t length = 0;   // octets, all of it; of `incomplete` what is needed at least
    PeerAddress client;  // of `proxied`
};

// `local`: the proxy speaks for itself (a health check): the address of the connection counts. So
// it does for what is neither IPv4 nor IPv6.
ProxyHeader parse_proxy_header(Bytes octets);

}  // namespace gatepost::dataplane
