// Who a client is behind proxies.
#pragma once

#include <span>

#include "dataplane/dns/rate_limit.h"
#include "dataplane/http/request.h"

namespace gatepost::dataplane {

// The client's address as the proxies among `trusted` say: X-Forwarded-For is read from its end,
// where the nearest one has written, up to the first address that is none of them. What a client
// has put in front of it is never believed.
PeerAddress client_behind_proxies(const HttpRequest& request,
                                  std::span<const AddressPrefix> trusted);

}  // namespace gatepost::dataplane
