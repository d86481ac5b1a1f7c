// What tests of StreamServer over real sockets have in common.
#pragma once

#include <functional>

#include "tests/unit/netio/harness.h"

namespace gatepost::dataplane {

void wait_for(const std::function<bool()>& condition);
// Whether a query with that id gets its reply.
bool ask(Client& client, uint16_t id = 1);
// From another address of the loopback network.
Client client_from(const char* address, const ListenAddress& server);

// What a proxy sends first for that IPv4 client.
Message proxy_header(const Message& client, uint8_t command = 0x21);
// A listener that believes proxies of that network.
StreamListenerOptions behind_proxy(const char* prefix);

Message last_octets(const Message& message, size_t count);

}  // namespace gatepost::dataplane
