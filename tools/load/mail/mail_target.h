// Where mail is sent to: an address with a port, a name with a port, or a UNIX socket.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::tools {

struct MailTarget {
    sockaddr_storage address{};
    socklen_t length = 0;
    std::string text;  // for people

    int family() const { return address.ss_family; }
    const sockaddr* as_sockaddr() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// ip@port, ip:port, [v6]:port, host:port, or the path of a UNIX socket (a "/" in it, or "unix:" in
// front). A name is looked up here, once; its first address counts. Without a port:
// `default_port`. Errors are of code usage, or unreachable where the name has no address.
Result<MailTarget> mail_target_from_text(std::string_view text, uint16_t default_port);

}  // namespace gatepost::tools
