// An IP address with a port, where the port may be left out and then is a default.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/netio/listen_address.h"
#include "storage/base/error.h"

namespace gatepost::tools {

using Endpoint = dataplane::ListenAddress;

// ip@port, ip:port, [v6]:port, or an address alone.
Result<Endpoint> endpoint_from_text(std::string_view text, uint16_t default_port);
// The address without its port.
std::string endpoint_host(const Endpoint& endpoint);

}  // namespace gatepost::tools
