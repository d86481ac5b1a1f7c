// An address to serve on, as people write it: `192.0.2.1@53`, `192.0.2.1:53`, `2001:db8::1@53`,
// `[2001:db8::1]:53`, `fe80::1%eth0@53`; or the path of a unix socket: `/run/gatepost/mail.sock`.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::dataplane {

struct ListenAddress {
    sockaddr_storage address{};
    socklen_t length = 0;

    int family() const { return address.ss_family; }
    bool is_unix() const { return address.ss_family == AF_UNIX; }
    uint16_t port() const;  // 0 of a unix socket
    void set_port(uint16_t port);
    bool is_wildcard() const;  // 0.0.0.0 or ::
    std::string text() const;  // `192.0.2.1@53`
};

Result<ListenAddress> parse_listen_address(std::string_view text);
// What a socket is bound to.
Result<ListenAddress> local_address(int fd);

}  // namespace gatepost::dataplane
